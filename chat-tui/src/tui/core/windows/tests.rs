use chat_proto::RoomId;

use super::*;
use crate::tui::core::server::ServerId;

fn room(number: u64) -> RoomKey {
    RoomKey::new(ServerId::default(), RoomId(number))
}

fn shown(windows: &Windows) -> Vec<u64> {
    let area = Area { x: 3, y: 1, width: 120, height: 40 };
    windows.placed(area).iter().map(|placed| placed.room.map_or(0, |key| key.room.0)).collect()
}

#[test]
fn windows_divide_the_place_without_a_gap_and_the_one_in_front_is_found_by_its_side() {
    let mut windows = Windows::default();
    windows.show(room(1));
    windows.split(Split::Beside, room(2)).unwrap();
    windows.split(Split::Below, room(3)).unwrap();
    assert_eq!((shown(&windows), windows.current()), (vec![1, 2, 3], Some(room(3))));
    let area = Area { x: 3, y: 1, width: 121, height: 41 };
    let cells: u32 = windows.placed(area).iter().map(|it| u32::from(it.area.width) * u32::from(it.area.height)).sum();
    assert_eq!(cells, 121 * 41);
    for (side, to) in [(Side::Above, 2), (Side::Left, 1), (Side::Left, 1), (Side::Right, 2), (Side::Below, 3)] {
        windows.focus_side(side);
        assert_eq!(windows.current(), Some(room(to)), "{side:?}");
    }
    windows.show(room(1));
    assert_eq!(shown(&windows), [1, 2, 3], "a room stands in one window");
    assert_eq!(windows.current(), Some(room(1)));
}

#[test]
fn what_is_too_small_shows_the_one_in_front_and_zooming_does_so_at_will() {
    let mut windows = Windows::default();
    windows.show(room(1));
    windows.zoom();
    assert!(!windows.is_zoomed(), "one alone is whole already");
    windows.split(Split::Beside, room(2)).unwrap();
    let place = |width| windows.placed(Area { x: 0, y: 0, width, height: 10 }).len();
    assert_eq!((place(39), place(40)), (1, 2));
    windows.zoom();
    assert_eq!(shown(&windows), [2]);
    windows.close().unwrap();
    assert_eq!((shown(&windows), windows.is_zoomed()), (vec![1], false));
    assert!(windows.close().is_err());
}

#[test]
fn windows_grow_at_their_neighbours_cost_and_within_bounds() {
    let mut windows = Windows::default();
    windows.show(room(1));
    windows.split(Split::Beside, room(2)).unwrap();
    let width = |windows: &Windows| windows.placed(Area { x: 0, y: 0, width: 200, height: 10 })[1].area.width;
    windows.grow(10);
    assert_eq!(width(&windows), 120);
    (0..20).for_each(|_| windows.grow(10));
    assert_eq!(width(&windows), 180);
    windows.balance();
    assert_eq!(width(&windows), 100);
    for _ in 0..WINDOWS_MAX {
        let _ = windows.split(Split::Below, room(9));
    }
    assert!(windows.split(Split::Below, room(10)).is_err());
}

#[test]
fn a_room_that_is_left_closes_its_windows_and_tabs() {
    let mut windows = Windows::default();
    windows.show(room(1));
    windows.split(Split::Below, room(2)).unwrap();
    windows.open_tab(Some(room(1))).unwrap();
    windows.open_tab(Some(room(3))).unwrap();
    windows.forget(room(1));
    assert_eq!((windows.tabs(), windows.current()), ((2, 1), Some(room(3))));
    windows.step_tab(false);
    assert_eq!(shown(&windows), [2]);
    windows.forget(room(2));
    windows.forget(room(3));
    assert_eq!((windows.tabs(), windows.current()), ((1, 0), None));
    windows.show(room(4));
    assert_eq!(windows.current(), Some(room(4)));
}
