//! Fenced code with a few colours: comments, strings, numbers, keywords. It knows families of languages, not languages, and
//! where it is wrong it is so about colours only.

use std::ops::Range;

use super::{Kind, Looks};

/// How a family of languages is written.
struct Family {
    names: &'static [&'static str],
    /// What a comment to the end of the line begins with.
    comment: &'static [&'static str],
    /// Comments that end elsewhere.
    block: Option<(&'static str, &'static str)>,
    /// What strings stand between.
    quotes: &'static [char],
    keywords: &'static [&'static str],
}

/// Marks code; of an unknown language only that it is some.
pub(super) fn highlight(text: &str, body: Range<usize>, language: &str, looks: &mut Looks) {
    if body.start >= body.end {
        return;
    }
    set_lines(text, body.clone(), Kind::Code, looks);
    let language = language.to_ascii_lowercase();
    let Some(family) = FAMILIES.iter().find(|family| family.names.contains(&language.as_str())) else { return };
    let mut at = body.start;
    while at < body.end {
        let (end, kind) = token(&text[at..body.end], family);
        if let Some(kind) = kind {
            set_lines(text, at..at + end, kind, looks);
        }
        at += end;
    }
}

/// Marks everything but the ends of lines.
fn set_lines(text: &str, range: Range<usize>, kind: Kind, looks: &mut Looks) {
    let mut start = range.start;
    for line in text[range].split('\n') {
        looks.set(start..start + line.len(), kind);
        start += line.len() + 1;
    }
}

/// The bytes of the first token of a text, and what it is if not plain code.
fn token(rest: &str, family: &Family) -> (usize, Option<Kind>) {
    let line = || rest.find('\n').unwrap_or(rest.len());
    if family.comment.iter().any(|sign| rest.starts_with(sign)) {
        return (line(), Some(Kind::Comment));
    }
    if let Some((_, close)) = family.block.filter(|(open, _)| rest.starts_with(open)) {
        let end = rest[1..].find(close).map_or(rest.len(), |at| at + 1 + close.len());
        return (end, Some(Kind::Comment));
    }
    let Some(c) = rest.chars().next() else { return (rest.len(), None) };
    if family.quotes.contains(&c) {
        return string(rest, c).map_or((1, None), |end| (end, Some(Kind::Literal)));
    }
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    if c.is_ascii_digit() {
        let fraction = rest[word..].strip_prefix('.').filter(|more| more.starts_with(|c: char| c.is_ascii_digit()));
        let more = fraction.map_or(0, |more| 1 + more.find(|c: char| !c.is_alphanumeric()).unwrap_or(more.len()));
        return (word + more, Some(Kind::Number));
    }
    if word > 0 {
        let keyword = family.keywords.contains(&&rest[..word]);
        return (word, keyword.then_some(Kind::Keyword));
    }
    (c.len_utf8(), None)
}

/// Where the string a text begins with ends: three quotes run on over lines, one ends on its line or is none.
fn string(rest: &str, quote: char) -> Option<usize> {
    let three: String = [quote; 3].iter().collect();
    if rest.starts_with(&three) {
        return Some(rest[3..].find(&three).map_or(rest.len(), |at| at + 6));
    }
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

const FAMILIES: [Family; 7] = [
    // A lone quote there is a lifetime, and a character seldom worth a colour.
    Family {
        names: &["rust", "rs"],
        comment: &["//"],
        block: Some(("/*", "*/")),
        quotes: &['"'],
        keywords: &[
            "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false",
            "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
            "self", "Self", "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
        ],
    },
    Family {
        names: &[
            "c",
            "h",
            "cpp",
            "c++",
            "cc",
            "hpp",
            "cs",
            "csharp",
            "d",
            "dart",
            "go",
            "golang",
            "java",
            "javascript",
            "js",
            "json",
            "jsonc",
            "jsx",
            "kotlin",
            "kt",
            "php",
            "scala",
            "swift",
            "ts",
            "tsx",
            "typescript",
            "zig",
        ],
        comment: &["//"],
        block: Some(("/*", "*/")),
        quotes: &['"', '\'', '`'],
        keywords: &[
            "abstract",
            "async",
            "auto",
            "await",
            "bool",
            "boolean",
            "break",
            "case",
            "catch",
            "chan",
            "char",
            "class",
            "const",
            "continue",
            "default",
            "defer",
            "delete",
            "do",
            "double",
            "else",
            "enum",
            "export",
            "extends",
            "extern",
            "false",
            "final",
            "finally",
            "float",
            "for",
            "fn",
            "func",
            "fun",
            "function",
            "go",
            "goto",
            "if",
            "implements",
            "import",
            "in",
            "int",
            "interface",
            "let",
            "long",
            "map",
            "namespace",
            "new",
            "nil",
            "null",
            "of",
            "override",
            "package",
            "private",
            "protected",
            "public",
            "range",
            "return",
            "select",
            "short",
            "signed",
            "sizeof",
            "static",
            "struct",
            "super",
            "switch",
            "template",
            "this",
            "throw",
            "true",
            "try",
            "type",
            "typedef",
            "typeof",
            "undefined",
            "union",
            "unsigned",
            "using",
            "val",
            "var",
            "virtual",
            "void",
            "when",
            "while",
            "yield",
        ],
    },
    Family {
        names: &["python", "py", "python3", "starlark", "bzl"],
        comment: &["#"],
        block: None,
        quotes: &['"', '\''],
        keywords: &[
            "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
            "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
            "match", "nonlocal", "not", "or", "pass", "raise", "return", "self", "try", "while", "with", "yield",
        ],
    },
    Family {
        names: &[
            "sh",
            "bash",
            "zsh",
            "fish",
            "shell",
            "console",
            "ruby",
            "rb",
            "perl",
            "pl",
            "make",
            "makefile",
            "dockerfile",
            "r",
            "elixir",
            "ex",
            "nix",
        ],
        comment: &["#"],
        block: None,
        quotes: &['"', '\''],
        keywords: &[
            "begin", "case", "class", "def", "do", "done", "elif", "else", "elsif", "end", "esac", "exit", "export",
            "false", "fi", "for", "function", "if", "in", "let", "local", "module", "my", "nil", "require", "rescue",
            "return", "self", "set", "sub", "sudo", "then", "true", "unless", "until", "use", "while", "yield",
        ],
    },
    Family {
        names: &["toml", "yaml", "yml", "ini", "conf", "cfg", "properties", "desktop"],
        comment: &["#"],
        block: None,
        quotes: &['"', '\''],
        keywords: &["true", "false", "null", "yes", "no", "on", "off"],
    },
    Family {
        names: &["sql", "sqlite", "postgres", "mysql", "lua", "haskell", "hs", "ada"],
        comment: &["--"],
        block: Some(("/*", "*/")),
        quotes: &['"', '\''],
        keywords: &[
            "ALTER", "AND", "AS", "BY", "CREATE", "DELETE", "DROP", "FROM", "GROUP", "INDEX", "INSERT", "INTO", "JOIN",
            "LIMIT", "NOT", "NULL", "ON", "OR", "ORDER", "SELECT", "SET", "TABLE", "UPDATE", "VALUES", "WHERE",
            "alter", "and", "as", "by", "case", "create", "data", "delete", "do", "drop", "else", "elseif", "end",
            "for", "from", "function", "group", "if", "import", "in", "index", "insert", "into", "join", "let",
            "limit", "local", "module", "nil", "not", "null", "of", "on", "or", "order", "repeat", "return", "select",
            "set", "table", "then", "true", "until", "update", "values", "where", "while",
        ],
    },
    Family {
        names: &["css", "scss", "less"],
        comment: &[],
        block: Some(("/*", "*/")),
        quotes: &['"', '\''],
        keywords: &["important", "import", "media", "none", "inherit", "auto"],
    },
];
