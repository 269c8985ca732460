//! Why rows of a plain PNG end before the last.

/// Why rows of a plain PNG end before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The crate `png` has to say what is wrong, if anything is.
    Irregular,
    /// The caller's clock ran out.
    Late,
}

/// Asked before each piece of work whether time is left.
pub(crate) type Clock<'a> = &'a dyn Fn() -> Result<(), Fault>;
