//! The one list of which proof each statement of the template has.

use super::statements::Grant;

/// What holds a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// By this proof, which is false without it.
    By(&'static str),
    /// The deployment guide asks for it, and no code uses it.
    OwnerRequired,
}

use Held::{By, OwnerRequired};

/// A statement, the action and part of the resource that the row is about (empty for any), and what holds it.
type Row = (&'static str, &'static str, &'static str, &'static str, Held);

const SIGNED: Held = By("an_upload_is_stored_by_its_url");
const DONE: Held = By("an_image_is_read_drawn_recorded_and_announced");
const GONE: Held = By("an_upload_that_is_gone_is_recorded_and_not_retried");
const RETRIED: Held = By("a_brief_fault_is_retried_within_seconds");
const LEAVES: Held = By("an_image_that_is_done_leaves_the_queue");
const TOTALS: Held = By("the_buckets_are_listed_and_their_totals_published");
const REPORTED: Held = By("a_measurement_that_fails_for_good_is_reported");
const OWN_FOLDER: Held = By("a_user_writes_and_reads_in_the_own_folder");
const SIGNER_LINES: Held = By("lines_of_the_url_signer_reach_its_log");
const PROCESSOR_LINES: Held = By("lines_of_the_processor_reach_its_log");
const METRICS_LINES: Held = By("lines_of_the_metrics_function_reach_its_log");
const SIGNER_SPANS: Held = By("spans_of_the_url_signer_reach_x_ray");
const PROCESSOR_SPANS: Held = By("spans_of_the_processor_reach_x_ray");
const METRICS_SPANS: Held = By("spans_of_the_metrics_function_reach_x_ray");
const SIGNER_ACTIVE: Held = By("lambda_traces_the_url_signer_actively");
const PROCESSOR_ACTIVE: Held = By("lambda_traces_the_processor_actively");
const STATUS_READ: Held = By("the_owner_of_an_image_is_answered_how_it_ended");
const STATUS_FETCHED: Held = By("a_thumbnail_is_fetched_by_its_url");
const STATUS_LINES: Held = By("lines_of_the_status_function_reach_its_log");
const STATUS_SPANS: Held = By("spans_of_the_status_function_reach_x_ray");
const STATUS_ACTIVE: Held = By("lambda_traces_the_status_function_actively");
const METRICS_ACTIVE: Held = By("lambda_traces_the_metrics_function_actively");

/// The first row that fits a grant holds it.
const ROWS: &[Row] = &[
    ("GenerateUploadUrlRole", "UsedToSignUploads", "", "", SIGNED),
    ("GenerateUploadUrlRole", "OwnerRequiredRead", "", "", OwnerRequired),
    ("GenerateUploadUrlRole", "OwnerRequiredIdentity", "", "", OwnerRequired),
    ("GenerateUploadUrlRole", "UsedToLog", "", "", SIGNER_LINES),
    ("GenerateUploadUrlRole", "UsedToTrace", "xray:PutTraceSegments", "", SIGNER_SPANS),
    ("GenerateUploadUrlRole", "UsedToTrace", "xray:PutTelemetryRecords", "", SIGNER_ACTIVE),
    ("GenerateUploadUrlRole", "Trust", "", "", SIGNER_ACTIVE),
    ("ImageProcessorRole", "UsedToReadUploads", "", "", DONE),
    ("ImageProcessorRole", "UsedToTellMissingFromDenied", "", "", GONE),
    ("ImageProcessorRole", "UsedToWriteThumbnails", "", "", DONE),
    ("ImageProcessorRole", "UsedToClaimAndRecord", "", "", DONE),
    ("ImageProcessorRole", "UsedToNotify", "", "", DONE),
    ("ImageProcessorRole", "UsedToConsumeAndBackOff", "sqs:ReceiveMessage", "", DONE),
    ("ImageProcessorRole", "UsedToConsumeAndBackOff", "sqs:GetQueueAttributes", "", DONE),
    ("ImageProcessorRole", "UsedToConsumeAndBackOff", "sqs:DeleteMessage", "", LEAVES),
    ("ImageProcessorRole", "UsedToConsumeAndBackOff", "sqs:ChangeMessageVisibility", "", RETRIED),
    ("ImageProcessorRole", "UsedToLog", "", "", PROCESSOR_LINES),
    ("ImageProcessorRole", "UsedToTrace", "xray:PutTraceSegments", "", PROCESSOR_SPANS),
    ("ImageProcessorRole", "UsedToTrace", "xray:PutTelemetryRecords", "", PROCESSOR_ACTIVE),
    ("ImageProcessorRole", "Trust", "", "", PROCESSOR_ACTIVE),
    ("S3MetricsRole", "UsedToListBuckets", "", "", TOTALS),
    ("S3MetricsRole", "UsedToPublishTotals", "", "", TOTALS),
    ("S3MetricsRole", "UsedToReportFailedRuns", "", "", REPORTED),
    ("S3MetricsRole", "UsedToLog", "", "", METRICS_LINES),
    ("S3MetricsRole", "UsedToTrace", "xray:PutTraceSegments", "", METRICS_SPANS),
    ("S3MetricsRole", "UsedToTrace", "xray:PutTelemetryRecords", "", METRICS_ACTIVE),
    ("S3MetricsRole", "Trust", "", "", METRICS_ACTIVE),
    ("ImageStatusRole", "UsedToReadItems", "", "", STATUS_READ),
    ("ImageStatusRole", "UsedToSignDownloads", "", "", STATUS_FETCHED),
    ("ImageStatusRole", "UsedToLog", "", "", STATUS_LINES),
    ("ImageStatusRole", "UsedToTrace", "xray:PutTraceSegments", "", STATUS_SPANS),
    ("ImageStatusRole", "UsedToTrace", "xray:PutTelemetryRecords", "", STATUS_ACTIVE),
    ("ImageStatusRole", "Trust", "", "", STATUS_ACTIVE),
    ("ImageStatusBoundary", "ReadRecords", "", "", STATUS_READ),
    ("ImageStatusBoundary", "ReadThumbnails", "", "", STATUS_FETCHED),
    ("ImageStatusBoundary", "StatusLogs", "", "", STATUS_LINES),
    ("ImageStatusBoundary", "StatusTraces", "xray:PutTraceSegments", "", STATUS_SPANS),
    ("ImageStatusBoundary", "StatusTraces", "xray:PutTelemetryRecords", "", STATUS_ACTIVE),
    ("AuthenticatedRole", "UsedToReachOwnFolder", "", "", OWN_FOLDER),
    ("AuthenticatedRole", "Trust", "", "", OWN_FOLDER),
    ("FunctionBoundary", "Uploads", "s3:GetObject", "", DONE),
    ("FunctionBoundary", "Uploads", "s3:PutObject", "", SIGNED),
    ("FunctionBoundary", "Thumbnails", "", "", DONE),
    ("FunctionBoundary", "Listings", "", "", TOTALS),
    ("FunctionBoundary", "Queue", "sqs:DeleteMessage", "", LEAVES),
    ("FunctionBoundary", "Queue", "sqs:ChangeMessageVisibility", "", RETRIED),
    ("FunctionBoundary", "Queue", "", "", DONE),
    ("FunctionBoundary", "Records", "", "", DONE),
    ("FunctionBoundary", "Topics", "", "-ticket", REPORTED),
    ("FunctionBoundary", "Topics", "", "", DONE),
    ("FunctionBoundary", "Logs", "", "GenerateUploadURL", SIGNER_LINES),
    ("FunctionBoundary", "Logs", "", "image-processor-lambda", PROCESSOR_LINES),
    ("FunctionBoundary", "Logs", "", "s3-metrics-lambda", METRICS_LINES),
    ("FunctionBoundary", "Totals", "", "", TOTALS),
    ("FunctionBoundary", "TracesAndIdentity", "xray:PutTraceSegments", "", PROCESSOR_SPANS),
    ("FunctionBoundary", "TracesAndIdentity", "xray:PutTelemetryRecords", "", PROCESSOR_ACTIVE),
    ("FunctionBoundary", "TracesAndIdentity", "", "", OwnerRequired),
    ("UserBoundary", "OwnFolder", "", "", OWN_FOLDER),
    ("OriginalBucketPolicy", "TlsOnly", "", "", By("plain_http_reaches_no_upload")),
    (
        "OriginalBucketPolicy",
        "PresignedForFiveMinutesOnly",
        "",
        "",
        By("a_url_of_more_than_five_minutes_stores_nothing"),
    ),
    ("OriginalBucketPolicy", "NoNamelessFolder", "", "", By("a_folder_without_a_name_takes_no_upload")),
    ("ProcessedBucketPolicy", "TlsOnly", "", "", By("plain_http_reaches_no_thumbnail")),
    ("ProcessingQueuePolicy", "UploadsMaySend", "", "", DONE),
    ("ProcessingQueuePolicy", "TlsOnly", "", "", By("plain_http_reaches_no_message_of_the_queue")),
    ("DeadLetterQueuePolicy", "TlsOnly", "", "", By("plain_http_reaches_no_dead_letter")),
    ("ProcessedTopicPolicy", "TlsOnly", "", "", By("plain_http_publishes_no_result")),
    ("PageTopicPolicy", "AlarmsMayPublish", "", "", By("an_alarm_pages_by_the_topics_policy")),
    ("PageTopicPolicy", "TlsOnly", "", "", By("plain_http_publishes_no_page")),
    ("TicketTopicPolicy", "AlarmsMayPublish", "", "", By("an_alarm_opens_a_ticket_by_the_topics_policy")),
    ("TicketTopicPolicy", "TlsOnly", "", "", By("plain_http_publishes_no_ticket")),
    ("HttpApiMayInvoke", "Permission", "", "", SIGNED),
    ("HttpApiMayAskForStatus", "Permission", "", "", STATUS_READ),
    (
        "S3MetricsFunctionSchedulePermission",
        "Permission",
        "",
        "",
        By("the_schedule_runs_the_metrics_function"),
    ),
];

/// What holds a grant; `None` when no row is about it.
pub(crate) fn held(grant: &Grant) -> Option<Held> {
    let row = ROWS.iter().find(|row| fits(row, grant))?;
    Some(row.4)
}

fn fits((owner, sid, action, resource, _): &Row, grant: &Grant) -> bool {
    (*owner, *sid) == (grant.owner.as_str(), grant.sid.as_str())
        && (action.is_empty() || *action == grant.action)
        && grant.resource.contains(resource)
}

/// The rows that are about none of these grants.
pub(crate) fn idle_rows(grants: &[Grant]) -> Vec<String> {
    let idle = ROWS.iter().filter(|row| !grants.iter().any(|grant| fits(row, grant)));
    idle.map(|(owner, sid, action, ..)| format!("{owner}.{sid} {action}")).collect()
}
