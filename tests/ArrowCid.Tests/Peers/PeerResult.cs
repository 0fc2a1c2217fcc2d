namespace ArrowCid.Tests.Peers;

/// <summary>What a peer's process left.</summary>
/// <param name="Command">The command line, for messages.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Errors">Its standard error.</param>
internal sealed record PeerResult(string Command, int ExitCode, string Output, string Errors)
{
    /// <summary>The lines of standard output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The command with all that it said, as a failed assertion shows it.</summary>
    public override string ToString() =>
        $"{Command}\nexit code {ExitCode}\n--- standard output\n{Output}--- standard error\n{Errors}";
}
