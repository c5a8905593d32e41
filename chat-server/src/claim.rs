//! The code of the first owner, in a file of the data directory from the first start until somebody used it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use chat_proto::code::ShortCode;

use crate::data_dir;
use crate::environment::Environment;
use crate::hub::Hub;

/// The file, in the data directory.
pub const CLAIM_FILE: &str = "owner-claim";

/// Offers the server to whoever shows the code in the file, and takes the file away when somebody did. Where somebody owns the
/// server already there is nothing to offer.
///
/// A server that can't write the file works, and says in its log that nobody can claim it.
pub async fn keep(hub: Arc<Hub>, path: &Path, environment: &Environment) {
    if !hub.is_owned() {
        if let Err(error) = offer(&hub, path, environment).await {
            return warn(path, &error, "nobody can claim this server");
        }
        hub.owned().await;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => warn(path, &error, "a used code is left over"),
        Ok(()) | Err(_) => {}
    }
}

fn warn(path: &Path, error: &io::Error, what: &str) {
    tracing::warn!(?path, error = error.to_string(), "{what}");
}

/// Offers the code in the file; a new one, told to whoever started the server, where there is no file. A code that somebody can
/// read is one that opens something.
async fn offer(hub: &Arc<Hub>, path: &Path, environment: &Environment) -> io::Result<()> {
    let written = read(path)?;
    let is_new = written.is_none();
    let code = written.unwrap_or_else(|| ShortCode::of_random(environment.bytes()));
    hub.offer_claim(&code).await.map_err(io::Error::other)?;
    if is_new {
        data_dir::write_new(path, format!("{code}\n").as_bytes())?;
        let place = path.display();
        let told = format!(
            "chat-server: nobody owns this server yet; `chat-tui claim HOST` asks for {code} (works once, also in {place})\n"
        );
        // Whoever closed standard error reads the file.
        let _ = io::stderr().lock().write_all(told.as_bytes());
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<Option<ShortCode>> {
    match fs::read_to_string(path) {
        Ok(written) => ShortCode::parse(&written).map(Some).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::hub::HubSettings;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn a_code_is_made_once_and_for_the_owner_of_the_directory_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(CLAIM_FILE);
        let environment = Environment::real();
        let hub = Hub::start(Arc::new(MemoryStore::new()), environment.clone(), HubSettings::default()).await.unwrap();
        offer(&hub, &path, &environment).await.unwrap();
        let code = read(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        offer(&hub, &path, &environment).await.unwrap();
        assert_eq!(read(&path).unwrap(), code);
        fs::write(&path, "nonsense").unwrap();
        assert_eq!(offer(&hub, &path, &environment).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read_to_string(&path).unwrap(), "nonsense");
    }
}
