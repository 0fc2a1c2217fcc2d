using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>The Rust in documents compiles and runs.</summary>
public sealed partial class RustBlockTests(BlockWorld world) : IClassFixture<BlockWorld>
{
    [Theory]
    [Document("interop/rust/README.md", "cargo", DocumentAttribute.Library)]
    public void Rust_of_a_document_runs(string path) => Run(path, "arrowcid", "interop/rust", [], block => block);

    [FlightClientTheory]
    [Document("interop/rust/flight/README.md", "cargo", DocumentAttribute.Library)]
    public void Rust_of_a_document_about_Flight_runs(string path) => Run(path, "arrowcid-flight", "interop/rust/flight",
        Command.Program("/bin/sh", CLibrary.PathOf("peers/crates")).Lines, block => $$"""
            use arrowcid_flight::Put;

            #[tokio::main]
            async fn main() -> Result<(), Box<dyn std::error::Error>> {
                let token = "{{world.Served.Token}}".to_string();
                let stream = std::fs::read("trips.arrow")?;
                {{block}}
                Ok(())
            }
            """);

    /// <summary>Builds a crate whose programs are the blocks, and runs each.</summary>
    private void Run(string path, string crate, string folder, string[] crates, Func<string, string> program)
    {
        List<CodeBlock> blocks = [.. Documents.BlocksOf(path).Where(block => block.Language == "rust" && block.NotRun is null)];
        string name = $"{crate}-blocks";
        string manifest = world.Write($"{name}/Cargo.toml", $"""
            [package]
            name = "{name}"
            version = "0.0.0"
            edition = "2021"

            [dependencies]
            {crate} = {'{'} path = "{Path.Combine(Command.Root, folder)}" {'}'}
            {(crate == "arrowcid" ? "" : "tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\", \"time\"] }")}

            [profile.dev]
            debug = false
            """);
        foreach (CodeBlock block in blocks)
            world.Write($"{name}/src/bin/{name}-{block.Number}.rs", program(world.Localize(block.Text)));
        _ = CLibrary.Run("env", [$"CARGO_TARGET_DIR={Cargo.Target}", "cargo", "build", "--quiet", .. crates.Length == 0 ? ["--offline"] : crates,
            "--manifest-path", manifest]).Exits(0);
        foreach (CodeBlock block in blocks)
        {
            Regex? until = block.Text.Contains(".watch(", StringComparison.Ordinal) ? Cid() : null;
            CommandResult result = world.Run(until, Path.Combine(Cargo.Target, "debug", $"{name}-{block.Number}"));
            Assert.True(result.ExitCode == 0, $"{block.Place}: {result.Text}\n{result.Errors}");
        }
    }

    [GeneratedRegex("baf[a-z2-7]{50}")]
    private static partial Regex Cid();
}
