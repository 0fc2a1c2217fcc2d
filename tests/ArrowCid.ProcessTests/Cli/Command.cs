using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Runs the built command as a process of its own.</summary>
internal static class Command
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(2);

    /// <summary>The checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The built command's assembly.</summary>
    public static string Dll { get; } = Path.Combine(AppContext.BaseDirectory, "ArrowCid.Cli.dll");

    /// <summary>The assembly of <c>ArrowCid.Benchmarks</c>.</summary>
    public static string BenchDll { get; } = Path.Combine(AppContext.BaseDirectory, "ArrowCid.Benchmarks.dll");

    /// <summary>The test data of the other test project.</summary>
    public static string Data { get; } = Path.Combine(Root, "tests", "ArrowCid.Tests", "Data");

    public static string Sample { get; } = Path.Combine(Root, "samples", "data", "flights-200k.arrow");

    /// <summary>Runs <c>arrowcid</c> in the folder of the test data.</summary>
    public static CommandResult Run(params string[] arguments) => Run(arguments, input: null, store: null);

    public static CommandResult Run(string[] arguments, byte[]? input, string? store) =>
        Start("dotnet", [Dll, .. arguments], input, store);

    /// <summary>Runs a shell line in which <c>"$@"</c> starts the command.</summary>
    public static CommandResult Shell(string line, string? store = null) => Start("sh", ["-c", line, "sh", "dotnet", Dll], null, store);

    /// <summary>Runs <c>ArrowCid.Benchmarks</c>.</summary>
    public static CommandResult Bench(params string[] arguments) =>
        Start("dotnet", [BenchDll, .. arguments], input: null, store: null);

    /// <summary>Runs a shell line in which <c>"$@"</c> starts <c>ArrowCid.Benchmarks</c>.</summary>
    public static CommandResult BenchShell(string line) =>
        Start("sh", ["-c", line, "sh", "dotnet", BenchDll], input: null, store: null);

    /// <summary>Runs another program in the folder of the test data.</summary>
    public static CommandResult Program(string program, params string[] arguments) =>
        Start(program, arguments, input: null, store: null);

    /// <summary>Starts the command; what it prints goes nowhere.</summary>
    public static Process Begin(string[] arguments, string? store = null, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo("dotnet", [Dll, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Data,
        };
        if (store is not null) start.Environment["ARROWCID_STORE"] = store;
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>How long something takes.</summary>
    public static TimeSpan Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Starts the command and kills it, where it is not done before.</summary>
    public static void Kill(TimeSpan after, string store, params string[] arguments)
    {
        using Process process = Begin(arguments, store);
        if (!process.WaitForExit(after)) process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    /// <summary>The most anonymous memory that a run was seen with, in bytes. The collector's youngest generation is as
    /// large as on a processor with 16 MiB of cache: else it follows the machine's cache.</summary>
    public static long AnonymousPeak(params string[] arguments)
    {
        using Process process = Begin(arguments, null, ("DOTNET_GCgen0size", "0x1000000"));
        long most = 0;
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(5)))
        {
            try
            {
                string? line = File.ReadLines($"/proc/{process.Id}/status")
                    .FirstOrDefault(each => each.StartsWith("RssAnon:", StringComparison.Ordinal));
                if (line is not null) most = Math.Max(most, long.Parse(line[8..^3], CultureInfo.InvariantCulture) << 10);
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }

        Assert.Equal(0, process.ExitCode);
        return most;
    }

    private static CommandResult Start(string program, string[] arguments, byte[]? input, string? store)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Data,
        };
        // A test sees no store but its own.
        start.Environment["ARROWCID_STORE"] = store ?? "/nowhere/named/by/a/test";
        start.Environment.Remove("ARROWCID_DEBUG");
        start.Environment.Remove("ARROWCID_FROM");
        using Process process = Process.Start(start)!;
        using var output = new MemoryStream();
        Task outputs = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (input is not null) process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(s_watchdog))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"killed after {s_watchdog}: {string.Join(' ', arguments)}");
        }

        outputs.Wait();
        return new CommandResult(string.Join(' ', arguments), process.ExitCode, output.ToArray(), errors.Result);
    }

    private static string FindRoot([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", ".."));
}

/// <summary>What a run left behind.</summary>
internal sealed record CommandResult(string What, int ExitCode, byte[] Bytes, string Errors)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Every line as a JSON value.</summary>
    public JsonElement[] Json => [.. Lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    /// <summary>Returns the command and what it printed; a record's own form would read the output as JSON.</summary>
    public override string ToString() => $"{What}: exit code {ExitCode}\n{Text}\n{Errors}";

    /// <summary>Asserts the exit code, and shows everything where it is another.</summary>
    public CommandResult Exits(int code)
    {
        Assert.True(ExitCode == code, $"exit code {ExitCode}, not {code}: {What}\n{Text}\n{Errors}");
        return this;
    }

    /// <summary>Asserts that it went well and that nothing was said.</summary>
    public CommandResult Succeeds()
    {
        Exits(0);
        Assert.Equal("", Errors);
        return this;
    }
}

/// <summary>A folder of a test's own.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(bool isMemory = false) => Name = isMemory && Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/arrowcid-test-{Guid.NewGuid():n}").FullName
        : Directory.CreateTempSubdirectory("arrowcid-test-").FullName;

    public string Name { get; }

    /// <summary>A directory in it that is not made yet: a store's.</summary>
    public string Store => PathOf("store");

    public string PathOf(string name) => Path.Combine(Name, name);

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(Name, recursive: true);
}
