//! Lifecycle rules of a bucket: when S3 deletes its objects by itself.

use std::time::Duration;

use aws_client::xml;

use super::source::Expiry;

const DAY: Duration = Duration::from_hours(24);

/// The rules that delete current versions in `folder`; those for parts of it or for tags do not count.
pub(super) fn expiry(configuration: &str, folder: &str) -> Expiry {
    let tags =
        ["Status", "Prefix", "Tag/Key", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "Expiration/Days"];
    let mut expiry = Expiry::default();
    for [status, prefix, tag, larger_than, smaller_than, days] in
        xml::members(configuration, "LifecycleConfiguration", tags)
    {
        let Ok(days) = days.parse::<u32>() else { continue };
        if status != "Enabled" || !folder.starts_with(&prefix) || !tag.is_empty() || !smaller_than.is_empty()
        {
            continue;
        }
        let after = DAY * days;
        match larger_than.parse() {
            Ok(bytes) => expiry.larger_than = Some((bytes, after)),
            Err(_) => expiry.all = Some(expiry.all.map_or(after, |earlier| earlier.min(after))),
        }
    }
    expiry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rules_for_every_object_or_for_large_ones_are_an_expiry() {
        let rule = |inside: &str| format!("<Rule><Status>Enabled</Status>{inside}</Rule>");
        let days = |days: u32| format!("<Expiration><Days>{days}</Days></Expiration>");
        let rules = [
            rule("<Filter/><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>"),
            rule(
                "<Filter/><NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>",
            ),
            rule(&format!("<Filter><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter>{}", days(1))),
            rule(&format!("<Filter><Prefix>tmp/</Prefix></Filter>{}", days(2))),
            rule(&format!("<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>{}", days(2))),
            rule(&format!("<Filter/>{}", days(9))).replace("Enabled", "Disabled"),
        ];
        let configuration = |rules: &[String]| {
            format!("<LifecycleConfiguration xmlns='x'>{}</LifecycleConfiguration>", rules.concat())
        };
        let large = Expiry { all: None, larger_than: Some((500, DAY)) };
        assert_eq!(expiry(&configuration(&rules), "user-uploads/"), large);
        let all = [configuration(&[rule(&format!("<Filter><Prefix>user-</Prefix></Filter>{}", days(7)))])];
        assert_eq!(expiry(&all[0], "user-uploads/").all, Some(DAY * 7));
        assert_eq!(expiry(&all[0], "processed/"), Expiry::default());
    }
}
