using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Http;

/// <summary>A server under Node.js that prints its URL, and ends with its standard input.</summary>
internal sealed class NodeService : IDisposable
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _rest;

    public NodeService(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Command.Root, script), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        Url = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{script} ended: {errors.Result}");
        _rest = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Where it listens.</summary>
    public string Url { get; }

    /// <summary>Ends it.</summary>
    /// <returns>The lines that it printed after the URL.</returns>
    public string[] End()
    {
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(s_watchdog));
        return _rest.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
