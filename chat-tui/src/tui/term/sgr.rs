//! Colours and attributes as the shortest change from what the terminal has set.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::caps::Colors;

/// What the terminal draws the next character with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pen {
    fg: Ink,
    bg: Ink,
    modifier: Modifier,
}

/// A colour as a terminal of some depth can show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ink {
    #[default]
    Own,
    /// 0–15 of the person's palette, or one of the fixed 16–255.
    Index(u8),
    Rgb(u8, u8, u8),
}

impl Pen {
    /// What a cell asks for, as far as the terminal can do it.
    pub(super) fn of(cell: &Cell, colors: Colors) -> Self {
        Self { fg: Ink::of(cell.fg, colors), bg: Ink::of(cell.bg, colors), modifier: cell.modifier }
    }

    /// Appends what turns `self` into `next`; nothing if they are equal.
    pub(super) fn change_to(self, next: Self, out: &mut Vec<u8>) {
        if self == next {
            return;
        }
        if next == Self::default() {
            out.extend_from_slice(b"\x1b[m");
            return;
        }
        let mut codes = Codes { out, first: true };
        let mut have = self.modifier;
        for (flags, off) in OFF {
            // Bold and dim have one code to end both, so whichever stays is set again below.
            if (have - next.modifier).intersects(flags) {
                codes.push(off);
                have -= flags;
            }
        }
        for (flag, on) in ON {
            if (next.modifier - have).contains(flag) {
                codes.push(on);
            }
        }
        if self.fg != next.fg {
            next.fg.push(30, &mut codes);
        }
        if self.bg != next.bg {
            next.bg.push(40, &mut codes);
        }
        codes.end();
    }
}

/// The numbers of one SGR sequence.
struct Codes<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl Codes<'_> {
    fn push(&mut self, code: u8) {
        self.out.extend_from_slice(if self.first { b"\x1b[" } else { b";" });
        push_number(self.out, code.into());
        self.first = false;
    }

    fn end(self) {
        if !self.first {
            self.out.push(b'm');
        }
    }
}

/// Appends a number in decimal.
pub(super) fn push_number(out: &mut Vec<u8>, number: u16) {
    let mut digits = [0; 5];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

impl Ink {
    fn of(color: Color, colors: Colors) -> Self {
        if colors == Colors::None {
            return Self::Own;
        }
        let full = match color {
            Color::Reset => Self::Own,
            Color::Black => Self::Index(0),
            Color::Red => Self::Index(1),
            Color::Green => Self::Index(2),
            Color::Yellow => Self::Index(3),
            Color::Blue => Self::Index(4),
            Color::Magenta => Self::Index(5),
            Color::Cyan => Self::Index(6),
            Color::Gray => Self::Index(7),
            Color::DarkGray => Self::Index(8),
            Color::LightRed => Self::Index(9),
            Color::LightGreen => Self::Index(10),
            Color::LightYellow => Self::Index(11),
            Color::LightBlue => Self::Index(12),
            Color::LightMagenta => Self::Index(13),
            Color::LightCyan => Self::Index(14),
            Color::White => Self::Index(15),
            Color::Indexed(index) => Self::Index(index),
            Color::Rgb(r, g, b) => Self::Rgb(r, g, b),
        };
        match (full, colors) {
            (Self::Rgb(r, g, b), Colors::Ansi256) => Self::Index(cube(r, g, b)),
            (Self::Rgb(r, g, b), Colors::Ansi16) => Self::Index(nearest_ansi(r, g, b)),
            (Self::Index(index @ 16..), Colors::Ansi16) => {
                let (r, g, b) = fixed(index);
                Self::Index(nearest_ansi(r, g, b))
            }
            (full, Colors::None | Colors::Ansi16 | Colors::Ansi256 | Colors::True) => full,
        }
    }

    fn push(self, base: u8, codes: &mut Codes<'_>) {
        match self {
            Self::Own => codes.push(base + 9),
            Self::Index(index @ 0..=7) => codes.push(base + index),
            Self::Index(index @ 8..=15) => codes.push(base + 52 + index),
            Self::Index(index) => [base + 8, 5, index].into_iter().for_each(|code| codes.push(code)),
            Self::Rgb(r, g, b) => [base + 8, 2, r, g, b].into_iter().for_each(|code| codes.push(code)),
        }
    }
}

/// The nearest of the 6×6×6 colours and the 24 greys.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    (16..=255).min_by_key(|index| distance(fixed(*index), (r, g, b))).unwrap_or(16)
}

fn nearest_ansi(r: u8, g: u8, b: u8) -> u8 {
    (0..16).min_by_key(|index| distance(ANSI[usize::from(*index)], (r, g, b))).unwrap_or(7)
}

/// What the indices 16 to 255 mean everywhere.
fn fixed(index: u8) -> (u8, u8, u8) {
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return (grey, grey, grey);
    }
    let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    let index = index.saturating_sub(16);
    (step(index / 36), step(index / 6 % 6), step(index % 6))
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

const OFF: [(Modifier, u8); 7] = [
    (Modifier::BOLD.union(Modifier::DIM), 22),
    (Modifier::ITALIC, 23),
    (Modifier::UNDERLINED, 24),
    (Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK), 25),
    (Modifier::REVERSED, 27),
    (Modifier::HIDDEN, 28),
    (Modifier::CROSSED_OUT, 29),
];

const ON: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// The sixteen colours as most terminals ship them: only to find the nearest.
const ANSI: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn bytes(from: Style, to: Style, colors: Colors) -> String {
        let pen = |style| Pen::of(Cell::EMPTY.clone().set_style(style), colors);
        let mut out = Vec::new();
        pen(from).change_to(pen(to), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_change_names_only_what_changes() {
        let red = Style::new().fg(Color::Red);
        assert_eq!(bytes(red, red, Colors::True), "");
        assert_eq!(bytes(Style::new(), red.bold(), Colors::True), "\x1b[1;31m");
        assert_eq!(bytes(red.bold(), red, Colors::True), "\x1b[22m");
        assert_eq!(bytes(red.bold().dim(), red.dim(), Colors::True), "\x1b[22;2m");
        assert_eq!(bytes(red.bold(), Style::new(), Colors::True), "\x1b[m");
        assert_eq!(bytes(red.bg(Color::White), red, Colors::True), "\x1b[49m");
        assert_eq!(bytes(red, Style::new().fg(Color::LightBlue).reversed(), Colors::True), "\x1b[7;94m");
    }

    #[test]
    fn colours_come_down_to_what_the_terminal_has() {
        let orange = Style::new().fg(Color::Rgb(255, 135, 0)).bold();
        for (colors, expected) in [
            (Colors::True, "\x1b[1;38;2;255;135;0m"),
            (Colors::Ansi256, "\x1b[1;38;5;208m"),
            (Colors::Ansi16, "\x1b[1;33m"),
            (Colors::None, "\x1b[1m"),
        ] {
            assert_eq!(bytes(Style::new(), orange, colors), expected);
        }
    }
}
