//! From text to tokens. Every token knows its place.

use std::sync::Arc;

use super::source::{Place, ScriptError, Source};
use super::value::{Comparison, Path, Piece, Template};

/// The smallest thing that means something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Anything that is not one of the others.
    Word(Template),
    /// `"in quotes"`.
    Text(Template),
    /// `/between slashes/`.
    Pattern(Template),
    /// `'JSON'`.
    Json(Template),
    /// `->`.
    Arrow,
    /// `==`, `!=`, `<`, `<=`, `>`, `>=`.
    Compare(Comparison),
    /// `=`.
    Equals,
    /// `{`.
    Open,
    /// `}`.
    Close,
    /// `:` behind a word.
    Colon,
    /// `;`.
    Semicolon,
    /// The end of a line.
    Newline,
}

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lexed {
    pub(super) token: Token,
    pub(super) place: Place,
}

/// Every token of a file; the last one is a [`Token::Newline`].
///
/// # Errors
/// The first thing that is no token.
pub(super) fn lex(source: &Arc<Source>) -> Result<Vec<Lexed>, ScriptError> {
    let mut lexer = Lexer { source, chars: source.text.chars().collect(), at: 0, line: 1, column: 1 };
    let mut tokens = Vec::new();
    while let Some(lexed) = lexer.next()? {
        tokens.push(lexed);
    }
    tokens.push(Lexed { token: Token::Newline, place: lexer.place() });
    Ok(tokens)
}

struct Lexer<'a> {
    source: &'a Arc<Source>,
    chars: Vec<char>,
    at: usize,
    line: usize,
    column: usize,
}

impl Lexer<'_> {
    fn place(&self) -> Place {
        Place::new(self.source, self.line, self.column)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }

    /// Takes a text if it is what comes next.
    fn take(&mut self, text: &str) -> bool {
        let is_next = text.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c));
        if is_next {
            for _ in text.chars() {
                self.bump();
            }
        }
        is_next
    }

    fn next(&mut self) -> Result<Option<Lexed>, ScriptError> {
        self.skip_blank();
        let place = self.place();
        let Some(c) = self.peek(0) else { return Ok(None) };
        let token = match c {
            '\n' | ';' | '{' | '}' | '"' | '\'' | '/' | ':' => {
                self.bump();
                match c {
                    '\n' => Token::Newline,
                    ';' => Token::Semicolon,
                    '{' => Token::Open,
                    '}' => Token::Close,
                    '"' => Token::Text(self.quoted(&place)?),
                    '\'' => Token::Json(self.json(&place)?),
                    '/' => Token::Pattern(self.pattern(&place)?),
                    _ => Token::Colon,
                }
            }
            _ if self.take("->") => Token::Arrow,
            _ => match self.comparison() {
                Some(comparison) => Token::Compare(comparison),
                None if self.take("=") => Token::Equals,
                None => Token::Word(self.word()?),
            },
        };
        Ok(Some(Lexed { token, place }))
    }

    /// Spaces, and a comment: `#` with a space, another `#`, `!` or nothing behind it. `#name` is a room.
    fn skip_blank(&mut self) {
        while self.peek(0).is_some_and(|c| c.is_whitespace() && c != '\n') {
            self.bump();
        }
        let is_comment = |next: Option<char>| next.is_none_or(|c| c.is_whitespace() || matches!(c, '#' | '!'));
        if self.peek(0) == Some('#') && is_comment(self.peek(1)) {
            while self.peek(0).is_some_and(|c| c != '\n') {
                self.bump();
            }
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        // Longer ones first.
        let signs = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Differs),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        signs.into_iter().find(|(sign, _)| self.take(sign)).map(|(_, comparison)| comparison)
    }

    fn quoted(&mut self, begin: &Place) -> Result<Template, ScriptError> {
        let mut template = Template::default();
        loop {
            let place = self.place();
            match self.bump() {
                Some('"') => return Ok(template),
                Some('\\') => template.push(self.escape(&place)?),
                Some('$') if self.peek(0) == Some('{') => template.pieces.push(self.braced(&place)?),
                Some(c) if c != '\n' => template.push(c),
                Some(_) | None => return Err(ScriptError::at(begin, "this text has no \" at its end")),
            }
        }
    }

    fn json(&mut self, begin: &Place) -> Result<Template, ScriptError> {
        let mut template = Template::default();
        loop {
            let place = self.place();
            match self.bump() {
                Some('\'') => return Ok(template),
                Some('$') if self.peek(0) == Some('{') => template.pieces.push(self.braced(&place)?),
                Some(c) if c != '\n' => template.push(c),
                Some(_) | None => return Err(ScriptError::at(begin, "this JSON has no ' at its end")),
            }
        }
    }

    fn escape(&mut self, place: &Place) -> Result<char, ScriptError> {
        let bad = |what: String| ScriptError::at(place, what);
        match self.bump() {
            Some(c @ ('"' | '\\' | '$' | '/')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('u') if self.take("{") => {
                let mut digits = String::new();
                while let Some(c) = self.bump().filter(|c| *c != '}' && *c != '\n') {
                    digits.push(c);
                }
                let c = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                c.ok_or_else(|| bad(format!("\\u{{{digits}}} is no character: write its number in hexadecimal")))
            }
            _ => Err(bad("behind \\ comes one of \" \\ $ / n t r, or u{…} with a number".to_owned())),
        }
    }

    fn pattern(&mut self, begin: &Place) -> Result<Template, ScriptError> {
        let mut template = Template::default();
        loop {
            let place = self.place();
            match self.bump() {
                Some('/') => return Ok(template),
                Some('\\') if self.take("/") => template.push('/'),
                Some('\\') => {
                    template.push('\\');
                    match self.bump() {
                        Some(c) if c != '\n' => template.push(c),
                        Some(_) | None => return Err(ScriptError::at(begin, "this pattern has no / at its end")),
                    }
                }
                Some('$') if self.peek(0) == Some('{') => template.pieces.push(self.braced(&place)?),
                Some(c) if c != '\n' => template.push(c),
                Some(_) | None => return Err(ScriptError::at(begin, "this pattern has no / at its end")),
            }
        }
    }

    fn word(&mut self) -> Result<Template, ScriptError> {
        let mut template = Template::default();
        while let Some(c) = self.peek(0) {
            let place = self.place();
            let next = self.peek(1);
            match c {
                '$' if next == Some('{') => {
                    self.bump();
                    template.pieces.push(self.braced(&place)?);
                }
                '$' if next.is_some_and(|c| c.is_alphabetic() || c == '_') => {
                    self.bump();
                    template.pieces.push(self.bare(&place)?);
                }
                '[' => self.bracketed(&mut template, &place)?,
                '!' if next == Some('=') => break,
                ':' if next.is_none_or(char::is_whitespace) => break,
                '"' | ';' | '{' | '}' | '=' | '<' | '>' => break,
                _ if c.is_whitespace() => break,
                _ => {
                    self.bump();
                    template.push(c);
                }
            }
        }
        Ok(template)
    }

    /// `[…]` within a word, with whatever stands in it.
    fn bracketed(&mut self, template: &mut Template, begin: &Place) -> Result<(), ScriptError> {
        loop {
            let place = self.place();
            match self.bump() {
                Some('$') if self.peek(0) == Some('{') => template.pieces.push(self.braced(&place)?),
                Some(']') => {
                    template.push(']');
                    return Ok(());
                }
                Some(c) if c != '\n' => template.push(c),
                Some(_) | None => return Err(ScriptError::at(begin, "this [ has no ] on its line")),
            }
        }
    }

    /// What stands in `${…}`; the `$` was taken.
    fn braced(&mut self, place: &Place) -> Result<Piece, ScriptError> {
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('}') => break,
                Some(c) if c != '\n' => text.push(c),
                Some(_) | None => return Err(ScriptError::at(place, "this ${ has no } on its line")),
            }
        }
        Path::parse(&text).map(Piece::Value).map_err(|e| ScriptError::at(place, e))
    }

    /// A variable without braces: a name, and fields with dots.
    fn bare(&mut self, place: &Place) -> Result<Piece, ScriptError> {
        let mut text = String::new();
        let goes_on = |c: char| c.is_alphanumeric() || c == '_';
        while let Some(c) = self.peek(0) {
            let field = c == '.' && self.peek(1).is_some_and(goes_on);
            if c == '[' && !text.is_empty() {
                while let Some(c) = self.bump().filter(|c| *c != '\n') {
                    text.push(c);
                    if c == ']' {
                        break;
                    }
                }
            } else if goes_on(c) || field {
                self.bump();
                text.push(c);
            } else {
                break;
            }
        }
        Path::parse(&text).map(Piece::Value).map_err(|e| ScriptError::at(place, e))
    }
}
