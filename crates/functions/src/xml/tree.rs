//! XML text as a tree of nodes in one list; node 0 is the document.

/// Elements within elements that are followed at most.
const DEPTH_MAX: usize = 1000;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Document,
    Element(String),
    Attribute(String, String),
    Text(String),
    Comment(String),
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    pub parent: usize,
    pub children: Vec<usize>,
    pub attributes: Vec<usize>,
    /// Where an element's content lies in the text.
    pub content: (usize, usize),
}

#[derive(Clone, Debug)]
pub(super) struct Document {
    pub nodes: Vec<Node>,
    text: String,
}

impl Document {
    /// Reads a document; `None` if the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parser =
            Parser { text, at: 0, document: Self { nodes: vec![Node::new(Kind::Document, 0)], text: String::new() } };
        parser.document()?;
        text.clone_into(&mut parser.document.text);
        Some(parser.document)
    }

    pub fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// The outermost element.
    pub fn root(&self) -> Option<usize> {
        let is_element = |index: &usize| matches!(self.node(*index).map(|node| &node.kind), Some(Kind::Element(_)));
        self.nodes.first()?.children.iter().copied().find(is_element)
    }

    /// Part of the text as it was written.
    pub fn source(&self, start: usize, end: usize) -> Option<&str> {
        self.text.get(start..end)
    }

    pub fn name(&self, index: usize) -> &str {
        match self.node(index).map(|node| &node.kind) {
            Some(Kind::Element(name) | Kind::Attribute(name, _)) => name,
            _ => "",
        }
    }

    /// All text in the node.
    pub fn text(&self, index: usize) -> String {
        let mut out = String::new();
        self.write_text(index, &mut out);
        out
    }

    fn write_text(&self, index: usize, out: &mut String) {
        let Some(node) = self.node(index) else { return };
        match &node.kind {
            Kind::Text(text) | Kind::Attribute(_, text) => out.push_str(text),
            Kind::Comment(text) => out.push_str(text),
            Kind::Element(_) | Kind::Document => {
                for child in &node.children {
                    if !matches!(self.node(*child).map(|node| &node.kind), Some(Kind::Comment(_))) {
                        self.write_text(*child, out);
                    }
                }
            }
        }
    }

    /// The elements right below a node.
    pub fn elements(&self, index: usize) -> impl Iterator<Item = usize> {
        let children = self.node(index).map(|node| node.children.as_slice()).unwrap_or_default();
        children
            .iter()
            .copied()
            .filter(|child| matches!(self.node(*child).map(|node| &node.kind), Some(Kind::Element(_))))
    }

    /// Names and values of an element's attributes.
    pub fn attributes(&self, index: usize) -> impl Iterator<Item = (&str, &str)> {
        let attributes = self.node(index).map(|node| node.attributes.as_slice()).unwrap_or_default();
        attributes.iter().filter_map(|attribute| match self.node(*attribute).map(|node| &node.kind) {
            Some(Kind::Attribute(name, value)) => Some((name.as_str(), value.as_str())),
            _ => None,
        })
    }

    fn add(&mut self, kind: Kind, parent: usize) -> usize {
        let index = self.nodes.len();
        let is_attribute = matches!(kind, Kind::Attribute(..));
        self.nodes.push(Node::new(kind, parent));
        if let Some(parent) = self.nodes.get_mut(parent) {
            if is_attribute { parent.attributes.push(index) } else { parent.children.push(index) }
        }
        index
    }
}

impl Node {
    const fn new(kind: Kind, parent: usize) -> Self {
        Self { kind, parent, children: Vec::new(), attributes: Vec::new(), content: (0, 0) }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    document: Document,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn accept(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// What stands before `end`, which is passed.
    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (before, _) = self.rest().split_once(end)?;
        self.at += before.len() + end.len();
        Some(before)
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn document(&mut self) -> Option<()> {
        self.accept("\u{feff}");
        self.content(0, 0)?;
        // Nothing but blanks and one element.
        let is_text = |child: &usize| matches!(self.document.node(*child).map(|node| &node.kind), Some(Kind::Text(text)) if !text.trim().is_empty());
        let root = self.document.nodes.first()?;
        let elements = self.document.elements(0).count();
        (self.rest().is_empty() && elements == 1 && !root.children.iter().any(is_text)).then_some(())
    }

    /// What is in an element, up to its end tag.
    fn content(&mut self, parent: usize, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(['<', '&']).unwrap_or(rest.len());
            text.push_str(rest.get(..plain)?);
            self.at += plain;
            if self.accept("<![CDATA[") {
                text.push_str(self.until("]]>")?);
                continue;
            }
            if self.rest().starts_with('&') {
                text.push_str(&self.entity()?);
                continue;
            }
            if !text.is_empty() {
                self.document.add(Kind::Text(std::mem::take(&mut text)), parent);
            }
            if self.rest().is_empty() || self.rest().starts_with("</") {
                return Some(());
            }
            if self.accept("<!--") {
                let comment = self.until("-->")?.to_owned();
                self.document.add(Kind::Comment(comment), parent);
            } else if self.accept("<?") {
                self.until("?>")?;
            } else if self.accept("<!DOCTYPE") {
                self.until(">")?;
            } else {
                self.element(parent, depth)?;
            }
        }
    }

    fn element(&mut self, parent: usize, depth: usize) -> Option<()> {
        self.accept("<").then_some(())?;
        let name = self.name()?;
        let element = self.document.add(Kind::Element(name.clone()), parent);
        loop {
            self.skip_blanks();
            if self.accept("/>") {
                return Some(());
            }
            if self.accept(">") {
                break;
            }
            let attribute = self.name()?;
            self.skip_blanks();
            self.accept("=").then_some(())?;
            self.skip_blanks();
            let value = self.quoted()?;
            self.document.add(Kind::Attribute(attribute, value), element);
        }
        let start = self.at;
        self.content(element, depth + 1)?;
        let end = self.at;
        if let Some(node) = self.document.nodes.get_mut(element) {
            node.content = (start, end);
        }
        self.accept("</").then_some(())?;
        (self.name()? == name).then_some(())?;
        self.skip_blanks();
        self.accept(">").then_some(())
    }

    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | ':');
        let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        let name = rest.get(..end)?;
        let starts_well = name.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | ':'));
        self.at += end;
        starts_well.then(|| name.to_owned())
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = if self.accept("\"") {
            "\""
        } else if self.accept("'") {
            "'"
        } else {
            return None;
        };
        let raw = self.until(quote)?;
        let mut parser = Parser { text: raw, at: 0, document: Document { nodes: Vec::new(), text: String::new() } };
        let mut value = String::new();
        loop {
            let rest = parser.rest();
            let plain = rest.find(['<', '&']).unwrap_or(rest.len());
            value.push_str(rest.get(..plain)?);
            parser.at += plain;
            match parser.rest().chars().next() {
                None => return Some(value),
                Some('&') => value.push_str(&parser.entity()?),
                Some(_) => return None,
            }
        }
    }

    fn entity(&mut self) -> Option<String> {
        self.accept("&").then_some(())?;
        let name = self.until(";")?;
        Some(match name {
            "lt" => "<".to_owned(),
            "gt" => ">".to_owned(),
            "amp" => "&".to_owned(),
            "quot" => "\"".to_owned(),
            "apos" => "'".to_owned(),
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?.to_string()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_documents() {
        let document =
            Document::parse("<?xml version='1.0'?><a x='1&amp;2'>b<c/><![CDATA[<d>]]><!-- e --></a>\n").unwrap();
        let root = document.root().unwrap();
        assert_eq!(document.name(root), "a");
        assert_eq!(document.attributes(root).collect::<Vec<_>>(), [("x", "1&2")]);
        assert_eq!(document.text(root), "b<d>");
        assert!(Document::parse("<a><b></a>").is_none());
        assert!(Document::parse("<a/>x").is_none());
        assert!(Document::parse("").is_none());
    }
}
