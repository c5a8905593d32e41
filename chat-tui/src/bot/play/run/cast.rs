//! Who is on the stage.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::lock;
use crate::bot::play::device::Device;
use crate::bot::play::script::Who;

/// Everybody who was introduced.
#[derive(Default)]
pub(super) struct Cast(Mutex<BTreeMap<String, Arc<Member>>>);

/// Somebody.
pub(super) struct Member {
    pub(super) devices: Vec<Device>,
    /// The room he named last.
    pub(super) room: Mutex<Option<String>>,
}

impl Cast {
    /// Somebody comes on. False if there is one of that name.
    pub(super) fn add(&self, name: &str, devices: Vec<Device>) -> bool {
        let member = Arc::new(Member { devices, room: Mutex::default() });
        let mut members = lock(&self.0);
        if members.contains_key(name) {
            return false;
        }
        members.insert(name.to_owned(), member);
        true
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        lock(&self.0).contains_key(name)
    }

    /// Somebody, and the index of his connection.
    pub(super) fn find(&self, who: &Who) -> Result<(Arc<Member>, usize), String> {
        let members = lock(&self.0);
        let Some(member) = members.get(&who.name) else {
            let known: Vec<&str> = members.keys().map(String::as_str).collect();
            return Err(format!("there is no actor {}; there are: {}", who.name, known.join(", ")));
        };
        let count = member.devices.len();
        if who.device > count {
            return Err(format!("{} has {count} connections: `actor {} devices {}`", who.name, who.name, who.device));
        }
        Ok((Arc::clone(member), who.device - 1))
    }

    /// Every connection and its last events.
    pub(super) fn heard(&self, count: usize) -> Vec<(String, Vec<String>)> {
        let members: Vec<Arc<Member>> = lock(&self.0).values().cloned().collect();
        let heard = |device: &Device| (device.name.clone(), device.log.last(count));
        members.iter().flat_map(|member| member.devices.iter().map(heard)).collect()
    }

    /// Everybody says goodbye.
    pub(super) async fn close(&self) {
        let members: Vec<Arc<Member>> = std::mem::take(&mut *lock(&self.0)).into_values().collect();
        for device in members.iter().flat_map(|member| &member.devices) {
            device.close().await;
        }
    }
}
