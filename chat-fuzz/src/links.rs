//! Links in messages, and addresses of servers.

use chat_tui::client::{Beside, ServerAddress};
use chat_tui::tui::core::markup::{LINK_BYTES_MAX, SCHEMES, links as found, target};

/// The bytes are a message with links in it, and an address.
pub fn links(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    in_message(&text);
    address(&text);
    let clean = chat_tui::clean::text(&text);
    in_message(clean.as_str());
    for range in found(clean.as_str()) {
        address(&clean.as_str()[range]);
    }
}

fn in_message(text: &str) {
    let mut end = 0;
    for range in found(text) {
        assert!(end <= range.start && range.start < range.end && range.len() <= LINK_BYTES_MAX, "{range:?}");
        let link = &text[range.clone()];
        assert!(!link.contains(char::is_whitespace));
        end = range.end;
        // A link that is longer once its bytes are written out is none to other programs.
        let Some(target) = target(link) else { continue };
        is_told(&target);
    }
    if let Some(target) = target(text) {
        is_told(&target);
    }
}

/// What another program is given: one word of printable ASCII that begins with a scheme known to be harmless.
fn is_told(target: &str) {
    assert!(target.len() <= LINK_BYTES_MAX && target.bytes().all(|byte| byte.is_ascii_graphic()), "{target:?}");
    let lower = target.to_ascii_lowercase();
    assert!(SCHEMES.iter().any(|scheme| lower.starts_with(scheme)), "{target:?}");
}

fn address(text: &str) {
    if let Ok(Beside { address, name }) = text.parse::<Beside>() {
        known_again(&address);
        assert!(name.is_none_or(|name| chat_proto::UserName::parse(&name).is_ok()));
    }
    if let Ok(address) = text.parse::<ServerAddress>() {
        known_again(&address);
        assert!(address.message.is_none() || address.room.is_some());
        assert!(address.invite.is_none() || address.pin.is_some(), "nobody but the server of that key gets it");
    }
}

/// What a server is known under, and what people are shown, leads to the same server.
fn known_again(address: &ServerAddress) {
    let same = |text: &str| text.parse::<ServerAddress>().map(|it| (it.host, it.port));
    let expected = Ok((address.host.clone(), address.port));
    assert_eq!(same(&address.authority()), expected);
    assert_eq!(same(&address.shown()), expected, "{address:?}");
    assert!(!address.host.contains(['/', '\\', '\0', ' ']) && !address.host.starts_with('.'));
}
