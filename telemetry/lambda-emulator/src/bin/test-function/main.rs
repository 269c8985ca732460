//! The function that is rehearsed.

mod function;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    function::run(|| 0).await
}
