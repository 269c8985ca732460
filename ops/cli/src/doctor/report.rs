//! The result of `ops doctor`: a table for people, a document for programs.

use serde_json::{Value, json};
use terminal::{Style, clean, paint};

use super::check::{Finding, Outcome};
use super::context::Context;

/// The document.
pub(super) fn document(ok: bool, context: &Context, findings: &[Finding<'_>]) -> Value {
    let check = |finding: &Finding<'_>| {
        let Finding { check, outcome } = finding;
        json!({
            "name": check.name, "status": outcome.status(), "saw": outcome.saw(), "todo": outcome.todo(),
            "claim": check.claim, "doc": check.doc, "how": check.how,
        })
    };
    json!({
        "ok": ok, "stack": context.stack.name, "region": context.aws().region(),
        "aws": context.is_aws(), "checks": findings.iter().map(check).collect::<Vec<_>>(),
    })
}

/// A line for each check; what failed has the claim, what to do, and AWS's documentation below it.
pub(super) fn table(context: &Context, findings: &[Finding<'_>], style: Style) -> String {
    let widest = findings.iter().map(|finding| finding.check.name.len()).max().unwrap_or(0);
    let mut lines: Vec<String> = findings.iter().flat_map(|finding| rows(finding, widest, style)).collect();
    lines.push(String::new());
    lines.push(summary(findings));
    if !context.is_aws() {
        lines.push(format!("{} is not AWS: what it answers is the engine's", context.aws().endpoint()));
    }
    lines.join("\n")
}

fn rows(finding: &Finding<'_>, widest: usize, style: Style) -> Vec<String> {
    let Finding { check, outcome } = finding;
    let (color, status) = match outcome {
        Outcome::Ok(_) => ("32", outcome.status()),
        Outcome::Failed { .. } => ("31", outcome.status()),
        Outcome::NotHere(_) | Outcome::NeedsUpload => ("33", outcome.status()),
    };
    let status = paint(color, &format!("{status:<14}"), style);
    let seen = if outcome.saw().is_empty() { check.claim } else { outcome.saw() };
    let mut rows = vec![format!("{status}  {:<widest$}  {}", check.name, clean(seen))];
    if let Some(todo) = outcome.todo() {
        let indent = " ".repeat(16);
        rows.extend([check.claim, &clean(todo), check.doc].map(|text| format!("{indent}{text}")));
    }
    rows
}

fn summary(findings: &[Finding<'_>]) -> String {
    let count = |status: &str| findings.iter().filter(|finding| finding.outcome.status() == status).count();
    let counted = ["ok", "failed", "not here", "needs --upload"].map(|status| (status, count(status)));
    let counted = counted.iter().filter(|(_, count)| *count > 0);
    counted.map(|(status, count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::checks::ALL;
    use super::*;

    #[test]
    fn failure_shows_claim_remedy_and_documentation_below_what_was_seen() {
        let check = ALL.first().unwrap();
        let outcome = Outcome::failed("something else", "mend it");
        let rows = rows(&Finding { check, outcome }, check.name.len(), Style::PLAIN);
        assert_eq!(rows.len(), 4);
        assert!(rows[0].starts_with("failed") && rows[0].ends_with("something else"), "{rows:?}");
        assert!(
            rows[1].ends_with(check.claim) && rows[2].ends_with("mend it") && rows[3].ends_with(check.doc)
        );
    }

    #[test]
    fn summary_counts_each_end() {
        let finding = |outcome| Finding { check: &ALL[0], outcome };
        let findings =
            [finding(Outcome::Ok("a".into())), finding(Outcome::NeedsUpload), finding(Outcome::NeedsUpload)];
        assert_eq!(summary(&findings), "1 ok, 2 needs --upload");
    }
}
