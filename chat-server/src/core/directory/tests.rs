use super::*;
use chat_proto::limits::ROOM_ALIASES_MAX;

#[test]
fn of_two_who_want_a_name_at_once_one_gets_it_and_a_failure_frees_it() {
    let mut directory = Directory::default();
    let name = |name: &str| UserName::parse(name).unwrap();
    let (one, other) = (DeviceKey([1; 32]), DeviceKey([2; 32]));
    let (first, _) = directory.reserve_account(&name("alice"), one, Timestamp(0)).unwrap();
    assert_eq!(directory.reserve_account(&name("ALICE"), other, Timestamp(0)), Err(first));
    directory.release_account(first, &one);
    assert_eq!(directory.device(&one), None);
    let (second, _) = directory.reserve_account(&name("ALICE"), other, Timestamp(0)).unwrap();
    assert_ne!(first, second);
    directory.confirm_account(second);
    directory.release_account(second, &other);
    assert_eq!(directory.account_named(&name("alice")), Some(second));
}

#[test]
fn a_device_opens_its_account_from_when_it_is_on_disk_until_it_is_revoked() {
    let mut directory = Directory::default();
    let (one, other) = (DeviceKey([1; 32]), DeviceKey([2; 32]));
    let name = UserName::parse("alice").unwrap();
    let (account, first) = directory.reserve_account(&name, one, Timestamp(0)).unwrap();
    directory.confirm_account(account);
    let reserve = |directory: &mut Directory, key| {
        directory.reserve_device(account, key, Line::parse("laptop").unwrap(), Timestamp(1))
    };
    assert_eq!(reserve(&mut directory, one), None);
    assert!(reserve(&mut directory, other).is_some());
    assert_eq!((directory.device(&other), directory.devices_of(account).count()), (None, 1));
    directory.release_device(&other);
    let second = reserve(&mut directory, other).unwrap();
    directory.confirm_device(&other);
    assert_eq!(directory.device(&other), Some((second, account)));
    directory.release_device(&other);
    directory.revoke_device(first);
    assert_eq!(directory.device(&one), None);
    assert!(directory.is_revoked(&one) && !directory.is_revoked(&other));
    let left: Vec<_> = directory.devices_of(account).map(|(_, entry)| (entry.id, entry.label.as_str())).collect();
    assert_eq!(left, [(second, "laptop")]);
    let new = UserName::parse("mallory").unwrap();
    assert_eq!(directory.reserve_account(&new, one, Timestamp(2)), Err(account));
    directory.confirm_device(&one);
    assert_eq!(reserve(&mut directory, one), None);
}

#[test]
fn a_room_is_listed_only_when_it_is_on_disk() {
    let mut directory = Directory::default();
    let id = directory.reserve_room(&RoomName::parse("dev").unwrap()).unwrap();
    assert_eq!(directory.rooms_after(RoomId(0)).count(), 0);
    directory.confirm_room(id);
    assert_eq!(directory.rooms_after(RoomId(0)).count(), 1);
    assert_eq!(directory.reserve_room(&RoomName::parse("Dev").unwrap()), Err(id));
}

#[test]
fn a_nick_is_nobody_elses_name_and_a_name_nobody_elses_nick() {
    let name = |name: &str| UserName::parse(name).unwrap();
    for (policy, of_another, same_nick, new_name) in [
        (NickPolicy::Server, false, false, false),
        (NickPolicy::Room, false, true, false),
        (NickPolicy::Free, true, true, true),
    ] {
        let mut directory = Directory::new(policy);
        let come = |directory: &mut Directory, number: u8, called: &str| {
            directory.reserve_account(&name(called), DeviceKey([number; 32]), Timestamp(0)).map(|(account, _)| account)
        };
        let alice = come(&mut directory, 1, "alice").unwrap();
        let bob = come(&mut directory, 2, "bob").unwrap();
        assert_eq!(directory.reserve_nick(alice, &name("BOB")).is_ok(), of_another, "{policy:?}");
        assert!(directory.reserve_nick(alice, &name("ALICE")).is_ok(), "one's own name is one's own");
        assert!(directory.reserve_nick(alice, &name("fox")).is_ok());
        assert_eq!(directory.reserve_nick(bob, &name("Fox")).is_ok(), same_nick, "{policy:?}");
        assert_eq!(come(&mut directory, 3, "FOX").is_ok(), new_name, "{policy:?}");
    }
}

fn name(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

#[test]
fn the_names_a_room_had_lead_to_it_and_only_it_takes_them_back() {
    let mut directory = Directory::default();
    directory.load_room(RoomId(1), name("dev"));
    directory.load_room(RoomId(2), name("ops"));
    directory.reserve_rename(RoomId(1), &name("code")).unwrap();
    assert_eq!(directory.reserve_room(&name("Code")), Err(RoomId(1)));
    directory.renamed(RoomId(1), &name("code"));
    let found = |directory: &Directory, text: &str| directory.room_named(&name(text));
    assert_eq!((found(&directory, "DEV"), found(&directory, "code")), (Some(RoomId(1)), Some(RoomId(1))));
    assert_eq!(directory.room(RoomId(1)), Some(&name("code")));
    assert_eq!(directory.reserve_room(&name("Dev")), Err(RoomId(1)));
    assert_eq!(directory.reserve_rename(RoomId(2), &name("dev")), Err(NotRenamed::Taken(RoomId(1))));
    directory.reserve_rename(RoomId(1), &name("dev")).unwrap();
    directory.renamed(RoomId(1), &name("dev"));
    assert_eq!((found(&directory, "code"), directory.room(RoomId(1))), (Some(RoomId(1)), Some(&name("dev"))));
}

#[test]
fn a_name_that_was_not_given_is_free_again_unless_another_spelling_is_the_rooms() {
    let mut directory = Directory::default();
    directory.load_room(RoomId(1), name("dev"));
    for wanted in ["code", "Dev"] {
        directory.reserve_rename(RoomId(1), &name(wanted)).unwrap();
        directory.release_rename(RoomId(1), &name(wanted));
    }
    assert_eq!((directory.room_named(&name("code")), directory.room_named(&name("dev"))), (None, Some(RoomId(1))));
    directory.renamed(RoomId(1), &name("code"));
    directory.release_rename(RoomId(1), &name("code"));
    assert_eq!(directory.room_named(&name("code")), Some(RoomId(1)));
}

#[test]
fn a_room_has_so_many_names_and_no_more_and_keeps_those_it_had() {
    let mut directory = Directory::default();
    directory.load_room(RoomId(1), name("a0"));
    for number in 1..=ROOM_ALIASES_MAX {
        directory.reserve_rename(RoomId(1), &name(&format!("a{number}"))).unwrap();
        directory.renamed(RoomId(1), &name(&format!("a{number}")));
    }
    assert_eq!(directory.reserve_rename(RoomId(1), &name("more")), Err(NotRenamed::TooMany));
    directory.reserve_rename(RoomId(1), &name("a0")).unwrap();
    assert_eq!(directory.room_named(&name("a3")), Some(RoomId(1)));
}
