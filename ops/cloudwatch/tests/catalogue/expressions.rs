//! What every alarm must have, because CloudWatch leaves it open or does it silently.

use cloudwatch_model::alarm::{Alarm, Kind, Queried, Source};

use super::assets::alarms;

#[test]
fn beside_and_or_or_every_operation_of_an_alarm_has_parentheses() {
    let mut found = 0;
    for alarm in alarms() {
        let Kind::Metric(metric) = &alarm.kind else { continue };
        let Source::Math { queries, .. } = &metric.source else { continue };
        for query in queries {
            let Queried::Expression(expression) = &query.of else { continue };
            let text = expression.text();
            assert_eq!(expression.bare_operand(), None, "{}: {text}", alarm.name);
            found += usize::from(text.contains(" AND ") || text.contains(" OR "));
        }
    }
    assert!(found > 0, "no expression has an AND or OR");
}

fn reads_a_queue(alarm: &Alarm) -> bool {
    let Kind::Metric(metric) = &alarm.kind else { return false };
    metric.source.metrics().any(|stat| stat.metric.namespace() == "AWS/SQS")
}

#[test]
fn an_alarm_on_a_queue_states_when_sqs_publishes_nothing_and_how_late_it_starts_again() {
    let on_queues: Vec<Alarm> = alarms().into_iter().filter(reads_a_queue).collect();
    assert!(on_queues.len() > 3, "{} alarms read queues", on_queues.len());
    for alarm in on_queues {
        for words in ["six idle hours", "up to 15 minutes late"] {
            assert!(alarm.notes.reason.contains(words), "{}: its reason lacks `{words}`", alarm.name);
        }
    }
}

#[test]
fn no_alarm_reads_the_age_of_messages_that_are_looked_at_again_and_again() {
    for alarm in alarms() {
        let Kind::Metric(metric) = &alarm.kind else { continue };
        for stat in
            metric.source.metrics().filter(|stat| stat.metric.name() == "ApproximateAgeOfOldestMessage")
        {
            let queue = stat.metric.dimensions().get("QueueName").unwrap();
            assert!(
                !queue.ends_with("-dlq"),
                "{}: a look at {queue} takes its messages out of the age",
                alarm.name
            );
        }
    }
}
