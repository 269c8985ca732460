//! XML responses: the little of them that is read.

use roxmltree::{Document, Node};

/// The text of the first element called `tag`, whatever its namespace.
#[must_use]
pub fn first(text: &str, tag: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    find(document.root(), tag)
}

/// For each element that is a child of one called `list`: the texts of its descendants called `tags`; `A/B` is the B in
/// the first A.
///
/// Absent ones are empty.
#[must_use]
pub fn members<const N: usize>(text: &str, list: &str, tags: [&str; N]) -> Vec<[String; N]> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let lists = document.descendants().filter(|node| node.tag_name().name() == list);
    lists
        .flat_map(|list| list.children().filter(Node::is_element))
        .map(|member| tags.map(|tag| find(member, tag).unwrap_or_default()))
        .collect()
}

/// Every text below the root as `path=text`, sorted: two documents with the same are the same to us.
#[must_use]
pub fn leaves(text: &str) -> Vec<String> {
    let mut leaves = Vec::new();
    if let Ok(document) = Document::parse(text) {
        let root = document.root_element();
        root.children().filter(Node::is_element).for_each(|child| collect(child, "", &mut leaves));
    }
    leaves.sort_unstable();
    leaves
}

fn collect(node: Node<'_, '_>, above: &str, leaves: &mut Vec<String>) {
    let path = format!("{above}{}", node.tag_name().name());
    let mut children = node.children().filter(Node::is_element).peekable();
    if children.peek().is_none() {
        leaves.push(format!("{path}={}", node.text().unwrap_or_default()));
    }
    children.for_each(|child| collect(child, &format!("{path}/"), leaves));
}

fn find(node: Node<'_, '_>, tag: &str) -> Option<String> {
    if let Some((outer, inner)) = tag.split_once('/') {
        let outer = node.descendants().find(|node| node.tag_name().name() == outer)?;
        return find(outer, inner);
    }
    let found = node.descendants().find(|node| node.tag_name().name() == tag)?;
    Some(found.text().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = r#"<R xmlns="http://x"><StackEvents>
        <member><LogicalResourceId>A</LogicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>
        <member><LogicalResourceId>B &amp; C</LogicalResourceId></member>
        </StackEvents><NextToken/></R>"#;

    #[test]
    fn members_give_their_texts_in_order_and_absent_ones_empty() {
        let events = members(EVENTS, "StackEvents", ["LogicalResourceId", "ResourceStatus"]);
        assert_eq!(events, [["A", "CREATE_COMPLETE"], ["B & C", ""]]);
    }

    #[test]
    fn a_path_is_followed_so_that_like_elements_are_kept_apart() {
        let rules = "<L><Rule><Transition><Days>30</Days></Transition></Rule>\
            <Rule><Transition><Days>9</Days></Transition><Expiration><Days>1</Days></Expiration></Rule></L>";
        assert_eq!(members(rules, "L", ["Expiration/Days"]), [[""], ["1"]]);
    }

    #[test]
    fn documents_that_differ_in_order_and_namespace_have_the_same_leaves() {
        let one = "<R xmlns='http://x'><A><B>1</B><C/></A><D>2</D></R>";
        let other = "<R>\n<D>2</D><A><C></C><B>1</B></A></R>";
        assert_eq!(leaves(one), ["A/B=1", "A/C=", "D=2"]);
        assert_eq!(leaves(one), leaves(other));
    }

    #[test]
    fn no_xml_gives_nothing() {
        assert_eq!(first("oops", "A"), None);
        assert!(members("oops", "A", ["B"]).is_empty());
    }
}
