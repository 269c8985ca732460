//! The comparison with the alternatives states no figure that was not measured.

use super::assets::text;

#[test]
fn processor_time_beside_the_alternatives_is_what_the_bench_measured() {
    let bench = text("functions/image-processor-lambda/thumbnail/bench/README.md");
    let measured = bench.lines().find(|row| row.starts_with("| 12 | JPEG | 320 |")).unwrap();
    let of_pillow_and_sharp: Vec<&str> = measured.split(" | ").skip(4).take(2).collect();
    for page in ["README.md", "docs/comparison.md"] {
        let page = text(page);
        let row = page.lines().find(|row| row.contains("JPEG of 12 megapixels to 320 px")).unwrap();
        let stated = |column: usize| row.split(" | ").nth(column)?.split(' ').next();
        let stated = [stated(6), stated(2)].map(Option::unwrap_or_default);
        assert_eq!(stated.as_slice(), of_pillow_and_sharp, "{row}");
        let ours = measured.split(" | ").nth(3).unwrap();
        assert!(row.split(" | ").nth(1).unwrap().contains(&format!("{ours} ms")), "{row}");
        for (column, ratio) in [6, 2].into_iter().zip(&of_pillow_and_sharp) {
            let theirs = ours.parse::<f64>().unwrap() / ratio.parse::<f64>().unwrap();
            let cell = row.split(" | ").nth(column).unwrap();
            assert!(cell.contains(&format!(" {theirs:.0} ms")), "{theirs} in {cell}");
        }
    }
}

#[test]
fn most_pixels_in_the_comparison_are_the_parameters_default() {
    let page = text("README.md");
    let cell = |of: &str, column: usize| {
        let row = page.lines().find(|row| row.contains(of)).unwrap();
        row.split('|').nth(column).unwrap().trim().to_owned()
    };
    assert_eq!(cell("| `MaxPixels` |", 3), format!("{},000,000", cell("| most megapixels", 2)));
}
