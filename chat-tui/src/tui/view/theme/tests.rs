//! What themes promise: every role, no colour where none is wanted, and letters that can be read.

use super::*;

fn load(name: &str, own: &[(&str, &str)], colors: Colors, ground: Option<Ground>) -> (Theme, Vec<String>) {
    let own = own.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Theme::load(&Wanted { name, own: &own, colors, symbols: Symbols::Unicode, ground })
}

#[test]
fn every_theme_that_comes_along_is_whole_and_right() {
    for (name, _) in BUILT_IN {
        let mut wrong = Vec::new();
        let written = read::read(name, &BTreeMap::new(), &mut wrong);
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        let lacking: Vec<&&str> = ROLES.iter().filter(|role| !written.roles.contains_key(**role)).collect();
        assert!(lacking.is_empty(), "{name}: {lacking:?}");
        let surplus: Vec<&String> = written.roles.keys().filter(|role| !ROLES.contains(&role.as_str())).collect();
        assert!(surplus.is_empty(), "{name}: {surplus:?}");
        if let Some(pair) = &written.pair {
            let back = read::read(pair, &BTreeMap::new(), &mut wrong);
            assert!(written.ground.is_some() && back.ground.is_some() && back.ground != written.ground, "{name}");
        }
    }
}

#[test]
fn without_colours_no_role_sets_one_whatever_the_theme() {
    for (name, _) in BUILT_IN {
        let (theme, _) = load(name, &[], Colors::None, None);
        for style in theme.styles().into_iter().chain([theme.nick(AccountId(7))]) {
            assert_eq!((style.fg, style.bg), (None, None), "{name}");
        }
        assert!(theme.selection.add_modifier.contains(Modifier::REVERSED));
    }
    let (theme, _) = load("high-contrast", &[], Colors::True, None);
    assert!(theme.styles().iter().all(|style| style.fg.is_none() && !style.add_modifier.contains(Modifier::DIM)));
}

#[test]
fn a_name_keeps_its_colour_and_many_names_have_all_of_them() {
    let theme = Theme::new(Colors::Ansi16, Symbols::Unicode);
    let used: std::collections::BTreeSet<String> =
        (1..200).map(|id| format!("{:?}", theme.nick(AccountId(id)).fg)).collect();
    assert_eq!(used.len(), theme.nicks.len());
    assert!(used.len() >= 10);
}

#[test]
fn the_documentation_names_every_theme_and_every_role() {
    let text = include_str!("../../../../../docs/looks.md");
    let named = |name: &str| text.contains(&format!("`{name}`"));
    let lacking: Vec<String> = BUILT_IN
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .chain(ROLES.iter().map(|role| role.replace('_', "-")))
        .filter(|name| !named(name))
        .collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

/// How light a colour is, from 0 to 1, as the rules for readable pages reckon it.
fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let part = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn names_and_words_can_be_read_on_the_ground_a_theme_is_made_for() {
    let mut measured = 0;
    for (name, _) in BUILT_IN {
        let written = read::read(name, &BTreeMap::new(), &mut Vec::new());
        let Some(ground) = written.ground_colour else { continue };
        let nicks = written.nicks.iter().map(|colour| ("nick", Style::new().fg(*colour)));
        for (role, style) in written.roles.iter().map(|(role, style)| (role.as_str(), *style)).chain(nicks) {
            let Some(Color::Rgb(r, g, b)) = style.fg else { continue };
            let below = if let Some(Color::Rgb(r, g, b)) = style.bg { (r, g, b) } else { ground };
            let least = if FAINT.contains(&role) { 2.5 } else { 3.0 };
            let found = contrast((r, g, b), below);
            assert!(found >= least, "{name}: {role} #{r:02x}{g:02x}{b:02x} has only {found:.2}");
            measured += 1;
        }
        let distinct: std::collections::BTreeSet<String> = written.nicks.iter().map(|n| format!("{n:?}")).collect();
        assert!(distinct.len() >= 12, "{name}");
        let taken = ["mention", "own", "error"].map(|role| written.roles[role].fg);
        assert!(written.nicks.iter().all(|nick| !taken.contains(&Some(*nick))), "{name}: a name looks like a mention");
    }
    assert!(measured > 300, "{measured}");
}

/// Lines and signs that are not read.
const FAINT: [&str; 4] = ["border", "sign", "rule_idle", "offline"];

#[test]
fn a_theme_made_for_the_other_ground_gives_way_to_its_pair() {
    let styles = |name, ground| load(name, &[], Colors::True, ground).0.styles();
    for (dark, light) in [("gruvbox-dark", "gruvbox-light"), ("ansi", "light"), ("dark", "light")] {
        assert_eq!(styles(dark, Some(Ground::Light)), styles(light, None), "{dark}");
        assert_eq!(styles(dark, Some(Ground::Dark)), styles(dark, None), "{dark}");
    }
    assert_eq!(styles("nord", Some(Ground::Light)), styles("nord", None), "it has no pair");
    assert_eq!(styles("mono", Some(Ground::Light)), styles("mono", None));
    let sixteen = |ground| load("ansi", &[], Colors::Ansi16, ground).0.styles();
    assert_eq!(sixteen(Some(Ground::Light)), sixteen(None), "the terminal's own colours suit its ground");
}

#[test]
fn an_own_theme_says_what_differs_and_what_is_wrong_in_it_is_told_and_left_out() {
    let own = "inherits = \"nord\"\n[palette]\nred = \"#ff0000\"\n[roles]\nerror = \"bold red on 17\"\nlink = \"terminal\"\n\
               heading = \"pinkish\"\nno-such-role = \"bold\"\n";
    let (theme, wrong) = load("mine", &[("mine", own)], Colors::True, None);
    let (nord, _) = load("nord", &[], Colors::True, None);
    assert_eq!(theme.error, Style::new().bold().fg(Color::Rgb(255, 0, 0)).bg(Color::Indexed(17)));
    assert_eq!(theme.mention, nord.mention.fg(Color::Rgb(255, 0, 0)), "the palette is the whole theme's");
    assert_eq!((theme.link, theme.code), (Style::new(), nord.code));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].contains("pinkish") && wrong[1].contains("no-such-role"), "{wrong:?}");
}

#[test]
fn whatever_a_theme_says_there_is_one_to_draw_with() {
    let (ansi, _) = load("ansi", &[], Colors::Ansi16, None);
    for own in [
        "",
        "roles = 3",
        "inherits = \"mine\"",
        "inherits = \"nowhere\"",
        "[[",
        "ground = \"plaid\"",
        "nicks = [\"x\"]",
    ] {
        let (theme, wrong) = load("mine", &[("mine", own)], Colors::Ansi16, None);
        assert_eq!(theme.styles(), ansi.styles(), "{own}");
        assert_eq!(wrong.is_empty(), own.is_empty(), "{own}: {wrong:?}");
    }
    let (theme, wrong) = load("nowhere", &[], Colors::Ansi16, None);
    assert_eq!(theme.styles(), ansi.styles());
    assert!(wrong[0].contains("catppuccin-mocha"), "{wrong:?}");
    let (theme, _) = load("ansi", &[("ansi", "inherits = \"ansi\"\n[roles]\nlink = \"red\"")], Colors::Ansi16, None);
    assert_eq!((theme.link, theme.code), (Style::new().fg(Color::Red), ansi.code));
}
