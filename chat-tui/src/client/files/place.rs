//! Where a file is put: under a name of its own that nothing had before, and unfinished under another until it is whole.
//!
//! Never: over a file, through a link, outside the directory, or for others to read before its owner lets them.

use std::io;
use std::path::{Path, PathBuf};

use chat_proto::FileName;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::TransferError;

/// A file that is being put into a directory; removed again unless it is kept.
#[derive(Debug)]
pub(super) struct Part {
    directory: PathBuf,
    name: FileName,
    file: File,
    /// Where it is; nothing once it has its name.
    path: Option<PathBuf>,
}

impl Part {
    /// Begins one beside the place it is to have.
    pub(super) async fn begin(directory: &Path, name: &FileName) -> Result<Self, TransferError> {
        let unfinished = format!("{name}.part");
        let (path, file) = make(directory, &unfinished).await?;
        Ok(Self { directory: directory.to_owned(), name: name.clone(), file, path: Some(path) })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        let failed = |source| TransferError::File { path: self.path.clone().unwrap_or_default(), source };
        self.file.write_all(bytes).await.map_err(failed)
    }

    /// Gives it its name, or the first free one beside it.
    pub(super) async fn keep(mut self) -> Result<PathBuf, TransferError> {
        let unfinished = self.path.clone().unwrap_or_default();
        let failed = |source| TransferError::File { path: unfinished.clone(), source };
        self.file.flush().await.map_err(failed)?;
        self.file.sync_all().await.map_err(failed)?;
        // The name is taken with an empty file, so that what replaces it is nobody else's.
        let (path, _) = make(&self.directory, self.name.as_str()).await?;
        if let Err(error) = tokio::fs::rename(&unfinished, &path).await {
            let _ = tokio::fs::remove_file(&path).await;
            return Err(failed(error));
        }
        self.path = None;
        Ok(path)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = self.path.take()
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), %error, "an unfinished file is left");
        }
    }
}

/// Makes a file that was not there, under a name or the first free one: `a.txt`, `a (1).txt`, `a (2).txt`.
async fn make(directory: &Path, name: &str) -> Result<(PathBuf, File), TransferError> {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        Some(_) | None => (name, String::new()),
    };
    let mut last = (directory.join(name), io::Error::from(io::ErrorKind::AlreadyExists));
    for number in 0..NAMES_MAX {
        let name = if number == 0 { name.to_owned() } else { format!("{stem} ({number}){extension}") };
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        match options.open(&path).await {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = (path, error),
            Err(source) => return Err(TransferError::File { path, source }),
        }
    }
    let (path, source) = last;
    Err(TransferError::File { path, source })
}

/// Names that are tried for one file.
const NAMES_MAX: u32 = 1_000;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn put(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
        let mut part = Part::begin(directory, &FileName::parse(name).unwrap()).await.unwrap();
        part.write(bytes).await.unwrap();
        part.keep().await.unwrap()
    }

    #[tokio::test]
    async fn a_file_gets_a_name_that_was_free_and_nothing_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.txt"), "mine").unwrap();
        fs::write(dir.path().join("victim"), "mine").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("victim"), dir.path().join("a.txt.part")).unwrap();
            std::os::unix::fs::symlink(dir.path().join("nowhere"), dir.path().join("a (1).txt")).unwrap();
        }
        let path = put(dir.path(), "a.txt", b"theirs").await;
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(name, if cfg!(unix) { "a (2).txt" } else { "a (1).txt" });
        for kept in ["a.txt", "victim"] {
            assert_eq!(fs::read(dir.path().join(kept)).unwrap(), b"mine");
        }
        assert!(!dir.path().join("nowhere").exists());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        assert_eq!(put(dir.path(), "noext", b"").await.file_name().unwrap(), "noext");
    }

    #[tokio::test]
    async fn what_is_not_kept_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = Part::begin(dir.path(), &FileName::parse("a").unwrap()).await.unwrap();
        part.write(b"half").await.unwrap();
        assert!(dir.path().join("a.part").exists());
        drop(part);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
