// Rust: two threads, 2/3 of the CPU time in crunch_numbers, 1/3 in shuffle_bytes, each under
// std::thread::spawn's closure. Built with `rustc -O -g`.
use std::time::Duration;

/// CPU time of this thread, so that a busy machine does not change the split.
/// First number of /proc/thread-self/schedstat, in nanoseconds (proc(5)).
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
    Duration::from_nanos(ns)
}

/// Keeps the optimiser from looking through: std::hint::black_box() came with Rust 1.66 only.
#[inline(always)]
fn black_box<T>(value: T) -> T {
    let seen = unsafe { std::ptr::read_volatile(&value) };
    std::mem::forget(value);
    seen
}

#[inline(never)]
fn crunch_numbers(duration: Duration) -> u64 {
    let start = cpu_time();
    let mut sum = 0u64;
    while cpu_time() - start < duration {
        for i in 0..1_000_000u64 {
            sum = black_box(sum.wrapping_mul(6364136223846793005).wrapping_add(i));
        }
    }
    sum
}

#[inline(never)]
fn shuffle_bytes(duration: Duration) -> u64 {
    let start = cpu_time();
    let mut bytes: Vec<u8> = (0..4096).map(|i| (i * 7) as u8).collect();
    while cpu_time() - start < duration {
        for i in 0..bytes.len() * 128 {
            let from = i % bytes.len();
            let to = (i * 31 + bytes[from] as usize) % bytes.len();
            bytes.swap(from, to);
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
