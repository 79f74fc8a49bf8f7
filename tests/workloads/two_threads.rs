// Rust: two threads, 2/3 of the time in crunch_numbers, 1/3 in shuffle_bytes, each under
// std::thread::spawn's closure. Built with `rustc -O -g`.
use std::time::{Duration, Instant};

/// Keeps the optimiser from looking through: std::hint::black_box() came with Rust 1.66 only.
#[inline(always)]
fn black_box<T>(value: T) -> T {
    let seen = unsafe { std::ptr::read_volatile(&value) };
    std::mem::forget(value);
    seen
}

#[inline(never)]
fn crunch_numbers(duration: Duration) -> u64 {
    let start = Instant::now();
    let mut sum = 0u64;
    while start.elapsed() < duration {
        for i in 0..200_000u64 {
            sum = black_box(sum.wrapping_mul(6364136223846793005).wrapping_add(i));
        }
    }
    sum
}

#[inline(never)]
fn shuffle_bytes(duration: Duration) -> u64 {
    let start = Instant::now();
    let mut bytes: Vec<u8> = (0..4096).map(|i| (i * 7) as u8).collect();
    while start.elapsed() < duration {
        for i in 0..bytes.len() {
            let j = (i * 31 + bytes[i] as usize) % bytes.len();
            bytes.swap(i, j);
        }
        black_box(&bytes);
    }
    bytes.iter().map(|&b| b as u64).sum()
}

fn main() {
    let ms: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1000);
    let long = std::thread::Builder::new()
        .name("cruncher".into())
        .spawn(move || crunch_numbers(Duration::from_millis(ms * 2 / 3)))
        .unwrap();
    let short = std::thread::Builder::new()
        .name("shuffler".into())
        .spawn(move || shuffle_bytes(Duration::from_millis(ms / 3)))
        .unwrap();
    println!("{}", long.join().unwrap().wrapping_add(short.join().unwrap()));
}
