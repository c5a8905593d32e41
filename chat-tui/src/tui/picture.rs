//! Files into pictures, where this program was built with that: PNG, JPEG, GIF and WebP.
//!
//! What is decoded was made by others: its bytes, its sides and the memory it takes are bounded before anything is decoded, and it
//! is decoded where it can hold nothing up.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use super::core::picture::{PICTURE_BYTES_MAX, Picture};

/// Bytes that are gathered in memory, up to [`PICTURE_BYTES_MAX`].
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered(Arc<Mutex<Vec<u8>>>);

impl Gathered {
    /// What was gathered.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AsyncWrite for Gathered {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.len() as u64 + bytes.len() as u64 > PICTURE_BYTES_MAX {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large to be looked at here")));
        }
        gathered.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Makes a picture of a file's bytes. Waits for a processor; not for the loop.
///
/// # Errors
/// Why there is none, for people.
#[cfg(feature = "images")]
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    use super::core::picture::SIDE_MAX;
    use image::{ImageReader, Limits};

    let mut reader = ImageReader::new(io::Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| format!("no picture can be read from it: {error}"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(POINTS_MAX);
    limits.max_image_height = Some(POINTS_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| format!("no picture can be read from it: {error}"))?;
    let small = image.thumbnail(SIDE_MAX, SIDE_MAX).into_rgba8();
    // What is seen through is seen on black.
    let blend = |value: u8, alpha: u8| u8::try_from(u16::from(value) * u16::from(alpha) / 255).unwrap_or(value);
    let points = small.pixels().map(|pixel| {
        let [red, green, blue, alpha] = pixel.0;
        [red, green, blue].map(|value| blend(value, alpha))
    });
    let points = points.collect();
    Picture::new(small.width(), small.height(), points).ok_or_else(|| "the picture is empty".to_owned())
}

/// Makes no picture: this program was built without that.
///
/// # Errors
/// Always.
#[cfg(not(feature = "images"))]
pub(super) fn decode(_: &[u8]) -> Result<Picture, String> {
    Err("this program was built without pictures (--features images); s saves the file".to_owned())
}

/// Points of either side of a picture that is decoded.
#[cfg(feature = "images")]
const POINTS_MAX: u32 = 12_000;

/// Bytes that decoding may take.
#[cfg(feature = "images")]
const MEMORY_MAX: u64 = 256 * 1024 * 1024;

#[cfg(test)]
#[cfg(feature = "images")]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage};

    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(600, 300, |x, _| if x < 300 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let mut bytes = io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn pictures_become_small_ones_and_what_is_none_is_told() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
            let picture = decode(&encoded(format)).unwrap();
            assert_eq!(format!("{picture:?}"), "Picture(400x200)", "{format:?}");
            let [red, _, blue] = picture.mean((0, 2), (0, 1));
            assert!(red > 200 && blue < 60, "{format:?}");
        }
        let whole = encoded(ImageFormat::Png);
        for bytes in [&b""[..], b"GIF89a", &whole[..whole.len() / 2], b"<svg></svg>", &[0xff; 100]] {
            assert!(decode(bytes).is_err());
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_takes_memory() {
        // A PNG header that claims to be 60,000 points wide and high; see RFC 2083.
        let mut bomb = encoded(ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(decode(&bomb).is_err());
    }
}
