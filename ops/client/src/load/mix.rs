//! Mix of a load: which kinds of uploads there are, and in which shares.

use std::fmt;
use std::str::FromStr;

use fastrand::Rng;

/// A kind of upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A picture of some hundred pixels.
    Photo,
    /// No picture, or half of one: it is refused.
    Broken,
    /// A picture of 12 megapixels.
    Large,
    /// A picture whose bytes are sent a second time to the same URL, as by an impatient user.
    Duplicate,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Photo, Self::Broken, Self::Large, Self::Duplicate];

    /// Its name in a mix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Broken => "broken",
            Self::Large => "large",
            Self::Duplicate => "duplicate",
        }
    }

    /// The status that its item ends with.
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::Broken => "FAILED",
            Self::Photo | Self::Large | Self::Duplicate => "DONE",
        }
    }
}

/// Kinds with their weights; at least one has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix(Vec<(Kind, u32)>);

/// A mix that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as photo=80,broken=10,large=5,duplicate=5: kinds with their shares, of which one is above 0"
)]
pub struct MixError;

impl Default for Mix {
    fn default() -> Self {
        Self(vec![(Kind::Photo, 80), (Kind::Broken, 10), (Kind::Large, 5), (Kind::Duplicate, 5)])
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares: Vec<String> =
            self.0.iter().map(|(kind, share)| format!("{}={share}", kind.name())).collect();
        f.write_str(&shares.join(","))
    }
}

impl FromStr for Mix {
    type Err = MixError;

    fn from_str(text: &str) -> Result<Self, MixError> {
        let mut shares: Vec<(Kind, u32)> = Vec::new();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or(MixError)?;
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(MixError)?;
            if shares.iter().any(|(known, _)| *known == kind) {
                return Err(MixError);
            }
            shares.push((kind, share.parse().map_err(|_| MixError)?));
        }
        let sum: u64 = shares.iter().map(|(_, share)| u64::from(*share)).sum();
        if sum == 0 { Err(MixError) } else { Ok(Self(shares)) }
    }
}

impl Mix {
    /// Draws a kind.
    #[must_use]
    pub fn draw(&self, random: &mut Rng) -> Kind {
        let sum: u64 = self.0.iter().map(|(_, share)| u64::from(*share)).sum();
        let mut drawn = random.u64(..sum.max(1));
        for (kind, share) in &self.0 {
            match drawn.checked_sub(u64::from(*share)) {
                Some(rest) => drawn = rest,
                None => return *kind,
            }
        }
        Kind::Photo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix_is_read_as_it_is_written_and_anything_else_is_refused() {
        let mix = Mix::default();
        assert_eq!(mix.to_string().parse(), Ok(mix));
        for wrong in ["", "photo", "photo=", "photo=-1", "cat=1", "photo=0", "photo=1,photo=1", "photo=1,"] {
            assert_eq!(wrong.parse::<Mix>(), Err(MixError), "{wrong}");
        }
    }

    #[test]
    fn kinds_are_drawn_in_their_shares() {
        let mix: Mix = "photo=3,broken=1,large=0".parse().unwrap();
        let mut random = Rng::with_seed(1);
        let drawn: Vec<Kind> = (0..4_000).map(|_| mix.draw(&mut random)).collect();
        let count = |kind| drawn.iter().filter(|it| **it == kind).count();
        assert!((2_850..3_150).contains(&count(Kind::Photo)), "{}", count(Kind::Photo));
        assert_eq!((count(Kind::Large), count(Kind::Duplicate)), (0, 0));
    }
}
