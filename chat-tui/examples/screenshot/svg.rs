//! A terminal's screen as a picture.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// Units of a column and of a row, and the size of the letters.
const COLUMN: f64 = 8.4;
const ROW: f64 = 18.0;
const LETTERS: f64 = 14.0;

/// Where letters stand, down from the top of their row.
const BASELINE: f64 = 13.5;

/// Around the screen.
const MARGIN: f64 = 14.0;

/// What a person's terminal makes of colours.
#[derive(Debug)]
pub(crate) struct Palette {
    ground: &'static str,
    letters: &'static str,
    /// The sixteen he chooses.
    colours: [&'static str; 16],
}

pub(crate) const DARK: Palette = Palette {
    ground: "#16181d",
    letters: "#d6d9df",
    colours: [
        "#2b2f38", "#e06c75", "#98c379", "#d9b36c", "#6aa6f0", "#c586d8", "#5ab8c4", "#c8ccd4", //
        "#6b7280", "#ff7b85", "#b3dd8f", "#f2cf7f", "#8cc0ff", "#e0a3f0", "#7fd8e2", "#ffffff",
    ],
};

pub(crate) const LIGHT: Palette = Palette {
    ground: "#fdf6e3",
    letters: "#586e75",
    colours: [
        "#073642", "#dc322f", "#859900", "#b58900", "#268bd2", "#d33682", "#2aa198", "#eee8d5", //
        "#002b36", "#cb4b16", "#586e75", "#657b83", "#839496", "#6c71c4", "#93a1a1", "#fdf6e3",
    ],
};

/// How a run of cells looks.
#[derive(Clone, Debug, PartialEq)]
struct Look {
    letters: String,
    ground: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

impl Look {
    fn of(cell: &Cell, palette: &Palette) -> Self {
        let (letters, ground) = (palette.colour(cell.fgcolor()), palette.colour(cell.bgcolor()));
        let (letters, ground) = if cell.inverse() {
            (
                ground.unwrap_or_else(|| palette.ground.to_owned()),
                Some(letters.unwrap_or_else(|| palette.letters.to_owned())),
            )
        } else {
            (letters.unwrap_or_else(|| palette.letters.to_owned()), ground)
        };
        Self { letters, ground, bold: cell.bold(), dim: cell.dim(), italic: cell.italic(), underline: cell.underline() }
    }
}

impl Palette {
    fn colour(&self, colour: Color) -> Option<String> {
        match colour {
            Color::Default => None,
            Color::Idx(index) => Some(self.indexed(index)),
            Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        }
    }

    /// A colour of xterm's 256: the sixteen, a cube of six steps, and greys.
    fn indexed(&self, index: u8) -> String {
        if let Some(colour) = self.colours.get(usize::from(index)) {
            return (*colour).to_owned();
        }
        if index >= 232 {
            let grey = 8 + 10 * (index - 232);
            return format!("#{grey:02x}{grey:02x}{grey:02x}");
        }
        let step = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
        let cube = index - 16;
        format!("#{:02x}{:02x}{:02x}", step(cube / 36), step(cube / 6 % 6), step(cube % 6))
    }
}

/// Draws a screen.
pub(crate) fn picture(screen: &Screen, palette: &Palette) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let ground = palette.ground;
    let (wide, high) = (x(columns) + MARGIN, y(rows) + MARGIN);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.1} {high:.1}" width="{wide:.1}" height="{high:.1}">
<rect width="100%" height="100%" rx="8" fill="{ground}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="{LETTERS}" xml:space="preserve">
"#
    );
    for row in 0..rows {
        draw_row(&mut svg, screen, palette, row, columns);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        rectangle(&mut svg, x(column), y(row), COLUMN, ROW, palette.letters);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn x(column: u16) -> f64 {
    f64::from(column).mul_add(COLUMN, MARGIN)
}

fn y(row: u16) -> f64 {
    f64::from(row).mul_add(ROW, MARGIN)
}

fn draw_row(svg: &mut String, screen: &Screen, palette: &Palette, row: u16, columns: u16) {
    let mut column = 0;
    while column < columns {
        let Some(first) = screen.cell(row, column) else { return };
        let (begin, look) = (column, Look::of(first, palette));
        let mut text = String::new();
        let alone = alone(first);
        while let Some(cell) = screen.cell(row, column).filter(|cell| Look::of(cell, palette) == look) {
            if column > begin && (alone || self::alone(cell)) && !cell.is_wide_continuation() {
                break;
            }
            let shown = if cell.has_contents() { cell.contents() } else { " " };
            text.push_str(if cell.is_wide_continuation() { "" } else { shown });
            column += 1;
        }
        // The second half of a wide letter has no look of its own.
        column = column.max(begin + 1);
        draw_run(svg, &look, &text, (row, begin, column - begin));
    }
}

/// What is placed by itself: lines, which must meet, and what is no letter of the font and may be wider than it should.
fn alone(cell: &Cell) -> bool {
    cell.is_wide() || cell.contents().chars().any(|c| matches!(c, '\u{2500}'..='\u{25ff}'))
}

fn draw_run(svg: &mut String, look: &Look, text: &str, (row, column, columns): (u16, u16, u16)) {
    let (left, top, wide) = (x(column), y(row), f64::from(columns) * COLUMN);
    if let Some(ground) = &look.ground {
        rectangle(svg, left, top, wide, ROW, ground);
    }
    let letters = &look.letters;
    let faint = if look.dim { r#" opacity="0.6""# } else { "" };
    // Half a unit over, so that neighbours meet.
    let line = match text {
        "─" => Some((left - 0.25, top + ROW / 2.0 - 0.5, wide + 0.5, 1.0)),
        "│" => Some((left + wide / 2.0 - 0.5, top - 0.25, 1.0, ROW + 0.5)),
        _ => None,
    };
    if let Some((left, top, wide, high)) = line {
        let fill = format!(r#"{letters}"{faint} shape-rendering="crispEdges"#);
        return rectangle(svg, left, top, wide, high, &fill);
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = faint.to_owned();
    if look.bold {
        style.push_str(r#" font-weight="bold""#);
    }
    if look.italic {
        style.push_str(r#" font-style="italic""#);
    }
    if look.underline {
        style.push_str(r#" text-decoration="underline""#);
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let base = top + BASELINE;
    // A String takes everything that is written to it.
    let _ = writeln!(
        svg,
        r#"<text x="{left:.1}" y="{base:.1}" textLength="{wide:.1}" lengthAdjust="spacingAndGlyphs" fill="{letters}"{style}>{text}</text>"#
    );
}

fn rectangle(svg: &mut String, left: f64, top: f64, wide: f64, high: f64, fill: &str) {
    let _ = writeln!(svg, r#"<rect x="{left:.2}" y="{top:.2}" width="{wide:.2}" height="{high:.2}" fill="{fill}"/>"#);
}
