//! What is sent to the stack while a fault stands: uploads by a temporary user, and messages and calls of others.

use std::io::Cursor;
use std::time::Duration;

use aws_client::http::Http;
use http::{Method, StatusCode};
use image::{ImageFormat, Rgb, RgbImage};
use local_stack::stack::StackInfo;
use pipeline_client::FlowError;
use pipeline_client::stack::Pipeline;
use pipeline_client::upload::{TraceHeaders, UploadUrl, put};
use pipeline_client::user::Tokens;
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::error::DrillError;
use crate::switch::Switch;

/// How often a client tries a PUT, how long it waits between, and how long for an answer.
const TRIES: u32 = 8;
const WAIT: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_secs(15);
/// The output that only a stack with the parameter `StatusApi` has.
pub(crate) const STATUS_ENDPOINT: &str = "GetImageStatusEndpoint";
/// The width and height that a malicious header states.
const HUGE: u32 = 60_000;

/// One thing that is sent or done.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Act {
    /// Files of a user.
    Uploads {
        /// How many.
        count: usize,
        /// Of which kind.
        file: File,
        /// Milliseconds from one to the next.
        #[serde(default)]
        every_ms: u64,
    },
    /// Calls for an upload URL that nobody uses.
    Calls {
        /// How many.
        count: usize,
        /// Whose.
        token: Token,
        /// Milliseconds from one to the next.
        #[serde(default)]
        every_ms: u64,
    },
    /// The user asks how the uploads so far ended, one after the other.
    Statuses {
        /// How often in all.
        count: usize,
        /// Milliseconds from one question to the next.
        #[serde(default)]
        every_ms: u64,
    },
    /// Messages that nobody can read.
    Poison {
        /// How many.
        count: usize,
    },
    /// Waits until each upload so far is `DONE` or `FAILED`.
    AwaitEnds,
    /// S3's notification of each upload again.
    RepeatEvents {
        /// How often.
        times: usize,
        /// Of which version.
        version: Version,
    },
    /// Each upload's URL is used once more, with another picture.
    Overwrite,
    /// Each uploaded object is deleted.
    DeleteOriginals,
    /// The figure that a bucket of this size would have.
    BucketSize {
        /// Bytes.
        bytes: f64,
    },
    /// A switch is turned in the middle; it is turned back with the fault.
    Switch(Switch),
}

/// The content of a file.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum File {
    /// A small picture unlike any other of its drill.
    Picture,
    /// Text.
    NotAnImage,
    /// The first half of a picture.
    Half,
    /// A picture whose header states 3.6 gigapixels.
    Huge,
    /// No bytes at all.
    Empty,
}

/// A caller's token.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Token {
    /// The user's.
    Good,
    /// The user's, with another signature.
    Forged,
    /// None.
    None,
}

/// A version of an object.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// The one that was processed.
    Same,
    /// One before it.
    Older,
}

impl Act {
    /// How many uploads it sends.
    #[must_use]
    pub fn uploads(&self) -> usize {
        match self {
            Self::Uploads { count, .. } => *count,
            _ => 0,
        }
    }
}

impl File {
    /// The bytes of the file of that number.
    pub(crate) fn bytes(self, number: usize) -> Result<Vec<u8>, DrillError> {
        let mut bytes = match self {
            Self::NotAnImage => return Ok(format!("no image, number {number}").into_bytes()),
            Self::Empty => return Ok(Vec::new()),
            Self::Picture | Self::Half | Self::Huge => picture(number)?,
        };
        if matches!(self, Self::Half) {
            bytes.truncate(bytes.len() / 2);
        }
        if matches!(self, Self::Huge) {
            // Behind signature, length and name of the first chunk: width, height, and its checksum, which must fit.
            let header = [HUGE.to_be_bytes(), HUGE.to_be_bytes()].concat();
            if let Some(sizes) = bytes.get_mut(16..24) {
                sizes.copy_from_slice(&header);
            }
            let sum = bytes.get(12..29).map_or(0, crc32).to_be_bytes();
            if let Some(checksum) = bytes.get_mut(29..33) {
                checksum.copy_from_slice(&sum);
            }
        }
        Ok(bytes)
    }
}

/// The checksum of a PNG's chunk.
fn crc32(bytes: &[u8]) -> u32 {
    let byte = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    };
    !bytes.iter().fold(u32::MAX, byte)
}

/// A small PNG whose colours are its number.
fn picture(number: usize) -> Result<Vec<u8>, DrillError> {
    let mut bytes = Cursor::new(Vec::new());
    let [.., high, low] = number.to_be_bytes();
    let pixel = |x, _| if x < 32 { Rgb([high, low, 90]) } else { Rgb([low, 200, high]) };
    let drawn = RgbImage::from_fn(64, 48, pixel).write_to(&mut bytes, ImageFormat::Png);
    drawn.map_err(DrillError::Picture)?;
    Ok(bytes.into_inner())
}

/// Puts a file to its URL as a client does that tries again what may pass by itself, or was not answered.
pub(crate) async fn put_patiently(issued: &UploadUrl, bytes: Vec<u8>) -> Result<(), FlowError> {
    for _ in 1..TRIES {
        match timeout(PATIENCE, put(issued, bytes.clone(), &TraceHeaders::default())).await {
            Ok(Err(error)) if !error.is_transient() => return Err(error),
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(_)) | Err(_) => sleep(WAIT).await,
        }
    }
    put(issued, bytes, &TraceHeaders::default()).await.map(drop)
}

/// Calls the API as somebody with that token; answers the status.
pub(crate) async fn call(
    stack: &dyn Pipeline,
    tokens: &Tokens,
    token: Token,
) -> Result<StatusCode, DrillError> {
    let good = &tokens.id_token;
    let forged = || {
        let flipped = if good.ends_with('A') { "BBBB" } else { "AAAA" };
        format!("{}{flipped}", good.get(..good.len().saturating_sub(4)).unwrap_or_default())
    };
    let bearer = match token {
        Token::Good => Some(format!("Bearer {good}")),
        Token::Forged => Some(format!("Bearer {}", forged())),
        Token::None => None,
    };
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let url = stack.output("GenerateUploadUrlEndpoint")?;
    Ok(Http::new().send(Method::POST, url, &headers, "").await?.status())
}

/// Asks as the user how an upload ended; answers the HTTP status.
pub(crate) async fn ask_status(
    stack: &dyn Pipeline,
    tokens: &Tokens,
    upload: &UploadUrl,
) -> Result<StatusCode, DrillError> {
    let url = format!("{}/{}", stack.output(STATUS_ENDPOINT)?, upload.image_id);
    let bearer = format!("Bearer {}", tokens.id_token);
    let headers = [("authorization", bearer.as_str())];
    Ok(Http::new().send(Method::GET, &url, &headers, "").await?.status())
}

/// Publishes the size that a bucket would have.
pub(crate) async fn bucket_size(info: &StackInfo, bytes: f64) -> Result<(), DrillError> {
    let (bytes, bucket) = (bytes.to_string(), info.output("OriginalBucketName")?);
    let size = [
        ("Namespace", "CustomS3"),
        ("MetricData.member.1.MetricName", "BucketSizeBytes"),
        ("MetricData.member.1.Dimensions.member.1.Name", "BucketName"),
        ("MetricData.member.1.Dimensions.member.1.Value", bucket),
        ("MetricData.member.1.Value", &bytes),
        ("MetricData.member.1.Unit", "Bytes"),
    ];
    info.aws().query("monitoring", "2010-08-01", "PutMetricData", &size).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_picture_has_a_header_whose_checksum_fits() {
        let plain = File::Picture.bytes(7).unwrap();
        assert_eq!(crc32(&plain[12..29]).to_be_bytes(), plain[29..33]);
        let huge = File::Huge.bytes(7).unwrap();
        assert_eq!(huge[16..20], HUGE.to_be_bytes());
        assert_eq!(crc32(&huge[12..29]).to_be_bytes(), huge[29..33]);
    }

    #[test]
    fn pictures_of_a_drill_differ() {
        assert_ne!(File::Picture.bytes(1).unwrap(), File::Picture.bytes(2).unwrap());
    }
}
