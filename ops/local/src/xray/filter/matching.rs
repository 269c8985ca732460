//! Whether a trace matches a filter expression.

use serde_json::Value;
use trace_model::xray::Document;

use super::super::view::{View, duration, http, is_service, is_set, service_type, text};
use super::{AnnotationTest, Expression, Flag, Key, NumberKey, TextKey};

/// Keywords look at the root segment, as X-Ray documents them ("at the trace level"); `user`, `name`, `type` and `message`
/// at any segment of the trace.
pub(super) fn trace(expression: &Expression, view: &View) -> bool {
    let all: Vec<&Document> = view.documents.iter().collect();
    holds(expression, &Scope { view, root: view.root(), all: &all })
}

/// What an expression is about: a trace, or what one service did in it.
struct Scope<'a> {
    view: &'a View,
    /// Whose flags and times count.
    root: Option<&'a Document>,
    /// Whose texts count.
    all: &'a [&'a Document],
}

fn holds(expression: &Expression, scope: &Scope<'_>) -> bool {
    match expression {
        Expression::All(parts) => parts.iter().all(|part| holds(part, scope)),
        Expression::Any(parts) => parts.iter().any(|part| holds(part, scope)),
        Expression::Not(inner) => !holds(inner, scope),
        Expression::Flag(flag) => is_flagged(*flag, scope),
        Expression::Number(key, comparison, limit) => {
            number(*key, scope).is_some_and(|value| comparison.holds(value, *limit))
        }
        Expression::Text(key, test, wanted) => {
            texts(*key, scope).iter().any(|value| test.holds(value, wanted))
        }
        Expression::IsSet(Key::Number(key)) => number(*key, scope).is_some(),
        Expression::IsSet(Key::Text(key)) => !texts(*key, scope).is_empty(),
        Expression::Annotation(key, test) => annotation(key, test, scope),
        Expression::Service { name, kind, filter } => scope.view.documents.iter().any(|document| {
            is_service(document)
                && name.as_deref().is_none_or(|name| text(document, "name") == Some(name))
                && (kind.is_none() || *kind == service_type(document))
                && filter.as_ref().is_none_or(|filter| {
                    holds(filter, &Scope { view: scope.view, root: Some(document), all: &[document] })
                })
        }),
    }
}

fn is_flagged(flag: Flag, scope: &Scope<'_>) -> bool {
    let of_root = |key: &str| scope.root.is_some_and(|root| is_set(root, key));
    match flag {
        Flag::Error => of_root("error"),
        Flag::Throttle => of_root("throttle"),
        Flag::Fault => of_root("fault"),
        Flag::Ok => !["error", "throttle", "fault"].into_iter().any(of_root),
        Flag::Partial => scope.all.iter().any(|document| is_set(document, "in_progress")),
        Flag::Root => {
            scope.root.is_some_and(|root| scope.view.root().is_some_and(|it| std::ptr::eq(it, root)))
        }
    }
}

fn number(key: NumberKey, scope: &Scope<'_>) -> Option<f64> {
    match key {
        NumberKey::ResponseTime => duration(scope.root?),
        NumberKey::Duration => Some(scope.view.end() - scope.view.start()),
        NumberKey::HttpStatus => http(scope.root?, "response", "status")?.as_f64(),
    }
}

fn texts(key: TextKey, scope: &Scope<'_>) -> Vec<String> {
    let request = |key: &str| {
        let value = scope.root.and_then(|root| http(root, "request", key)).and_then(Value::as_str);
        value.map(str::to_owned).into_iter().collect()
    };
    let any =
        |read: &dyn Fn(&Document) -> Option<String>| scope.all.iter().filter_map(|it| read(it)).collect();
    match key {
        TextKey::HttpUrl => request("url"),
        TextKey::HttpMethod => request("method"),
        TextKey::HttpUserAgent => request("user_agent"),
        TextKey::HttpClientIp => request("client_ip"),
        TextKey::User => any(&|it| text(it, "user").map(str::to_owned)),
        TextKey::Name => any(&|it| text(it, "name").filter(|_| is_service(it)).map(str::to_owned)),
        TextKey::Type => any(&service_type),
        TextKey::Message => any(&|it| {
            let message = it.get("cause")?.get("exceptions")?.get(0)?.get("message")?;
            message.as_str().map(str::to_owned)
        }),
    }
}

/// A key may have several values in a trace: one that passes is enough.
fn annotation(key: &str, test: &AnnotationTest, scope: &Scope<'_>) -> bool {
    let mut values = scope.all.iter().filter_map(|it| it.get("annotations")?.get(key));
    values.any(|value| match test {
        // One that is true or false is asked for its value.
        AnnotationTest::IsSet => value.as_bool().unwrap_or(true),
        AnnotationTest::Flag(wanted) => value.as_bool() == Some(*wanted),
        AnnotationTest::Number(comparison, limit) => {
            value.as_f64().is_some_and(|it| comparison.holds(it, *limit))
        }
        AnnotationTest::Text(test, wanted) => value.as_str().is_some_and(|it| test.holds(it, wanted)),
    })
}
