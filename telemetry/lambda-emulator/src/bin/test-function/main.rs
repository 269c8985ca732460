//! The Lambda function of the tests and benches.

mod function;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    function::run(|| 0).await
}
