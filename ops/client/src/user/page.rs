//! The sign-in page, as far as a browser would read it.

/// The first form of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it is sent, relative to the page.
    pub(super) action: String,
    /// What is sent back unseen.
    pub(super) hidden: Vec<(String, String)>,
}

/// Reads the first form; a page without one gives an empty form, whose sending is refused.
pub(super) fn form(page: &str) -> Form {
    let start = page.find("<form").unwrap_or(page.len());
    let form = page.get(start..).unwrap_or_default();
    let form = form.split("</form>").next().unwrap_or(form);
    let action = form.split('>').next().and_then(|tag| attribute(tag, "action")).unwrap_or_default();
    let inputs = form.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let hidden = inputs.filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
    let hidden = hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect();
    Form { action, hidden }
}

/// The error that the page shows.
pub(super) fn error(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("class=\"error\">")?;
    rest.split('<').next().map(unescape)
}

/// The value of `name="value"` in a tag; the page escapes quotes and brackets in values.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(unescape)
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<html><meta charset="UTF-8"><div class="error">Wrong &amp; refused</div>
        <form method="POST" action="/login">
        <input type="hidden" name="redirect_uri" value="http://x/?a=1&amp;b=&quot;2&quot;">
        <input type="text" id="username" name="username" required autofocus>
        </form><form action="/other"><input type="hidden" name="n" value="v"></form>"#;

    #[test]
    fn first_form_gives_its_target_and_hidden_fields() {
        let hidden = vec![("redirect_uri".to_owned(), "http://x/?a=1&b=\"2\"".to_owned())];
        assert_eq!(form(PAGE), Form { action: "/login".into(), hidden });
    }

    #[test]
    fn error_of_the_page_is_found() {
        assert_eq!(error(PAGE).as_deref(), Some("Wrong & refused"));
        assert_eq!(error("<p>fine</p>"), None);
    }
}
