//! Whoever takes a name takes those that look like it: people and rooms, whichever came first.

use chat_proto::{DeviceKey, RoomName, Timestamp, UserName};
use chat_server::core::directory::Directory;

/// Names in one script each that look alike, or are the same but for their case.
const ALIKE: [(&str, &str); 8] = [
    ("coco", "сосо"),
    ("ope", "оре"),
    ("HEXA", "НЕХА"),
    ("O0l1", "0OIl"),
    ("modern", "modem"),
    ("straße", "STRASSE"),
    ("straẞe", "strasse"),
    ("izmir", "ızmır"),
];

#[test]
fn a_name_that_looks_like_one_that_is_taken_is_taken() {
    for (one, other) in ALIKE.into_iter().flat_map(|(one, other)| [(one, other), (other, one)]) {
        let mut directory = Directory::default();
        let room = |name: &str| RoomName::parse(name).unwrap();
        let taken = directory.reserve_room(&room(one)).unwrap();
        assert_eq!(directory.reserve_room(&room(other)), Err(taken), "{other} beside {one}");
        let user = |name: &str| UserName::parse(name).unwrap();
        let (first, second) = (DeviceKey([1; 32]), DeviceKey([2; 32]));
        let (taken, _) = directory.reserve_account(&user(one), first, Timestamp(0)).unwrap();
        assert_eq!(directory.reserve_account(&user(other), second, Timestamp(0)), Err(taken), "{other} beside {one}");
    }
}
