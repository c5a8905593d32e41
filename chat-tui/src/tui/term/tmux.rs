//! Passing something on through tmux to the terminal around it.

/// A sequence for the terminal, wrapped if a tmux stands in between; that one passes it on if its `allow-passthrough` is on.
pub(super) fn passed(sequence: Vec<u8>, tmux: bool) -> Vec<u8> {
    if !tmux {
        return sequence;
    }
    let mut passed = b"\x1bPtmux;".to_vec();
    for byte in sequence {
        if byte == 0x1b {
            passed.push(byte);
        }
        passed.push(byte);
    }
    passed.extend_from_slice(b"\x1b\\");
    passed
}
