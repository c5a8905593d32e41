//! What every engine's registry of names and keys must do.

use chat_proto::{AccountId, DeviceId, DeviceKey, FeedId, Line, RoomId, RoomName, Seq, Timestamp};

use super::{account, append, begun, device, feed, key, next_row, room, rows};
use crate::store::{Append, DeviceRecord, Registration, Registry, RoomRecord, Row, Store, StoreError};

/// Runs the whole suite, each part against a store of its own.
pub(super) async fn all<S: Store, F: Future<Output = S>>(make: &impl Fn() -> F) {
    names_keys_and_numbers_are_taken_once(&make().await).await;
    a_device_is_added_and_revoked_and_its_key_stays_taken(&make().await).await;
    the_server_begins_with_its_first_event_and_once(&make().await).await;
    a_room_begins_with_its_first_event_or_not_at_all(&make().await).await;
    a_room_keeps_the_names_it_had_and_is_renamed_with_its_event_or_not_at_all(&make().await).await;
    a_room_that_ends_leaves_its_names_and_keeps_its_number(&make().await).await;
}

fn with_device(account: Registration, number: u64, key: u8) -> Registration {
    let Registration::Account(account, device) = account else { unreachable!() };
    let device = DeviceRecord { id: DeviceId(number), key: DeviceKey([key; 32]), ..device };
    Registration::Account(account, device)
}

async fn names_keys_and_numbers_are_taken_once(store: &impl Store) {
    store.register(account(2, "alice")).await.unwrap();
    store.register(account(1, "Bob")).await.unwrap();
    store.register(room(1, "alice")).await.unwrap();
    store.register(account(4, "modem")).await.unwrap();
    let same_number = account(1, "carol");
    let same_device = with_device(account(5, "dora"), 2, 98);
    let same_key = with_device(account(5, "dora"), 5, 2);
    for taken in [account(3, "ALICE"), account(3, "modern"), account(3, "BOB"), same_number, same_device, same_key] {
        assert_eq!(store.register(taken.clone()).await, Err(StoreError::Conflict), "{taken:?}");
    }
    for taken in [room(2, "Alice"), room(1, "other")] {
        assert_eq!(store.register(taken).await, Err(StoreError::Conflict));
    }
    store.register(room(3, "straße")).await.unwrap();
    assert_eq!(store.register(room(4, "STRASSE")).await, Err(StoreError::Conflict));
    let registry = store.registry().await.unwrap();
    let names: Vec<_> = registry.accounts.iter().map(|each| (each.id.0, each.name.as_str())).collect();
    assert_eq!(names, [(1, "Bob"), (2, "alice"), (4, "modem")]);
    assert_eq!(registry.devices.iter().map(|each| each.id.0).collect::<Vec<_>>(), [1, 2, 4]);
    assert_eq!(registry.devices[1].account, AccountId(2));
    assert_eq!((registry.devices[1].since, registry.accounts[1].since), (Timestamp(7), Timestamp(7)));
    let rooms: Vec<_> = registry.rooms.iter().map(|each| each.name.as_str()).collect();
    assert_eq!(rooms, ["alice", "straße"]);
    let account_feed = store.load(FeedId::Account(AccountId(2))).await.unwrap().unwrap();
    assert_eq!(account_feed.meta, begun(FeedId::Account(AccountId(2)), store.epoch()));
}

async fn a_device_is_added_and_revoked_and_its_key_stays_taken(store: &impl Store) {
    store.register(account(1, "alice")).await.unwrap();
    let label = Line::parse("phone").unwrap();
    let phone = DeviceRecord { label, ..device(2, DeviceKey([50; 32]), AccountId(1)) };
    let foreign = device(3, DeviceKey([51; 32]), AccountId(2));
    assert_eq!(store.register(Registration::Device(foreign)).await, Err(StoreError::Conflict));
    store.register(Registration::Device(phone.clone())).await.unwrap();
    let again = device(4, phone.key, AccountId(1));
    assert_eq!(store.register(Registration::Device(again.clone())).await, Err(StoreError::Conflict));
    assert_eq!(store.register(Registration::RevokeDevice(DeviceId(9))).await, Err(StoreError::Conflict));
    for _ in 0..2 {
        store.register(Registration::RevokeDevice(DeviceId(2))).await.unwrap();
        let kept = store.registry().await.unwrap().devices;
        assert_eq!(kept[1..], [DeviceRecord { revoked: true, ..phone.clone() }]);
        assert!(!kept[0].revoked);
    }
    assert_eq!(store.register(Registration::Device(again)).await, Err(StoreError::Conflict));
}

async fn a_room_begins_with_its_first_event_or_not_at_all(store: &impl Store) {
    let begin = |number: u64, name: &str| {
        let rows = rows(&mut begun(feed(number), store.epoch()), 1);
        Append { registrations: vec![room(number, name)], ..append(number, Seq::ZERO, rows) }
    };
    store.append(begin(1, "lobby")).await.unwrap();
    assert_eq!(store.append(begin(2, "Lobby")).await, Err(StoreError::Conflict));
    assert_eq!(store.load(feed(2)).await, Ok(None));
    let mut meta = begun(feed(3), store.epoch());
    let double = vec![next_row(&mut meta, AccountId(1), key(1)), next_row(&mut meta, AccountId(1), key(1))];
    let late = Append { rows: double, ..begin(3, "third") };
    assert_eq!(store.append(late).await, Err(StoreError::Conflict));
    assert_eq!(store.load(feed(3)).await, Ok(None));
    assert_eq!(store.registry().await.unwrap().rooms.len(), 1);
    store.append(begin(3, "third")).await.unwrap();
    assert_eq!(store.load(feed(3)).await.unwrap().unwrap().meta.head, Seq(1));
}

async fn a_room_keeps_the_names_it_had_and_is_renamed_with_its_event_or_not_at_all(store: &impl Store) {
    store.register(room(1, "dev")).await.unwrap();
    store.register(room(2, "ops")).await.unwrap();
    let mut meta = begun(feed(1), store.epoch());
    let first = Append { registrations: vec![rename(1, "modern")], ..append(1, Seq::ZERO, rows(&mut meta, 1)) };
    store.append(first).await.unwrap();
    let taken =
        [room(3, "Dev"), room(3, "modem"), rename(2, "dev"), rename(2, "MODERN"), rename(1, "Ops"), rename(9, "x")];
    for registration in taken {
        assert_eq!(store.register(registration.clone()).await, Err(StoreError::Conflict), "{registration:?}");
        let late = Append { registrations: vec![registration], ..append(1, Seq(1), rows(&mut meta.clone(), 1)) };
        assert_eq!(store.append(late).await, Err(StoreError::Conflict));
    }
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta.head, Seq(1));
    for back in ["Modern", "dev", "dev"] {
        store.register(rename(1, back)).await.unwrap();
    }
    let registry = store.registry().await.unwrap();
    let names = |records: &[RoomRecord]| {
        records.iter().map(|each| (each.id.0, each.name.as_str().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(names(&registry.rooms), [(1, "dev".to_owned()), (2, "ops".to_owned())]);
    assert_eq!(names(&registry.aliases), [(1, "Modern".to_owned()), (1, "modern".to_owned())]);
}

async fn a_room_that_ends_leaves_its_names_and_keeps_its_number(store: &impl Store) {
    let id = RoomId(1);
    let mut meta = begun(feed(1), store.epoch());
    let begins = vec![room(1, "dev"), Registration::TendRoom(id)];
    let early = Append { registrations: vec![Registration::TendRoom(id)], ..append(1, Seq::ZERO, vec![]) };
    store.append(early).await.unwrap_err();
    store.append(Append { registrations: begins, ..append(1, Seq::ZERO, rows(&mut meta, 1)) }).await.unwrap();
    store.register(rename(1, "code")).await.unwrap();
    store.register(Registration::TendRoom(id)).await.unwrap();
    assert_eq!(store.registry().await.unwrap().tended, [id]);
    assert_eq!(store.register(room(2, "dev")).await, Err(StoreError::Conflict));
    for other in [Registration::EndRoom(RoomId(2)), Registration::TendRoom(RoomId(2))] {
        assert_eq!(store.register(other).await, Err(StoreError::Conflict));
    }
    let ends = Append { registrations: vec![Registration::EndRoom(id)], ..append(1, Seq(1), rows(&mut meta, 1)) };
    store.append(ends).await.unwrap();
    for again in [Registration::EndRoom(id), Registration::TendRoom(id), rename(1, "other"), room(1, "other")] {
        assert_eq!(store.register(again).await, Err(StoreError::Conflict));
    }
    store.register(room(2, "dev")).await.unwrap();
    store.register(room(3, "CODE")).await.unwrap();
    let registry = store.registry().await.unwrap();
    assert_eq!(registry.rooms.iter().map(|each| each.id.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(registry.ended, [RoomRecord { id, name: RoomName::parse("code").unwrap() }]);
    assert_eq!((registry.aliases, registry.tended), (vec![], vec![]));
    assert_eq!(store.load(feed(1)).await.unwrap().unwrap().meta.head, Seq(2), "its feed stays");
}

fn rename(number: u64, name: &str) -> Registration {
    Registration::Rename(RoomRecord { id: RoomId(number), name: RoomName::parse(name).unwrap() })
}

async fn the_server_begins_with_its_first_event_and_once(store: &impl Store) {
    let feed = FeedId::Account(AccountId::SERVER);
    let mut meta = begun(feed, store.epoch());
    let rows = rows(&mut meta, 2);
    let append = |expected_head, rows: &[Row], registrations| Append {
        feed,
        expected_head,
        rows: rows.to_vec(),
        registrations,
        erase: Vec::new(),
        replace: Vec::new(),
    };
    assert_eq!(store.append(append(Seq::ZERO, &rows[..1], vec![])).await, Err(StoreError::Conflict));
    assert_eq!(store.load(feed).await, Ok(None));
    store.append(append(Seq::ZERO, &rows[..1], vec![Registration::Server])).await.unwrap();
    store.append(append(Seq(1), &rows[1..], vec![])).await.unwrap();
    assert_eq!(store.register(Registration::Server).await, Err(StoreError::Conflict));
    assert_eq!(store.load(feed).await.unwrap().unwrap().meta, meta);
    assert_eq!(store.read(feed, Seq(1), 10).await.unwrap(), rows);
    assert_eq!(store.registry().await, Ok(Registry::default()));
}
