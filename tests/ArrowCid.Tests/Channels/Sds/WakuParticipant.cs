using System.Diagnostics;
using System.Text.Json;
using ArrowCid.Tests.House;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>A participant of @waku/sds in a process of its own.</summary>
internal sealed class WakuParticipant : IDisposable
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(2);

    private readonly Process _process;

    public WakuParticipant(string id)
    {
        var start = new ProcessStartInfo("node", ["interop/node/sds/participant.mjs", id, SdsNode.Channel])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        };
        _process = Process.Start(start)!;
        Assert.Equal("ready", _process.StandardOutput.ReadLine());
    }

    /// <summary>Sends a text; its id is the SHA-256 of it.</summary>
    public (string Id, byte[] Bytes) Send(string text)
    {
        JsonElement answer = Call(new { @do = "send", text });
        return (answer.GetProperty("id").GetString()!, Convert.FromHexString(answer.GetProperty("bytes").GetString()!));
    }

    public void Receive(ReadOnlySpan<byte> bytes) => Call(new { @do = "receive", bytes = Convert.ToHexStringLower(bytes) });

    public byte[] Sync() => Convert.FromHexString(Call(new { @do = "sync" }).GetProperty("bytes").GetString()!);

    public byte[] Filter(IEnumerable<string> ids) =>
        Convert.FromHexString(Call(new { @do = "filter", ids }).GetProperty("bytes").GetString()!);

    public byte[][] Answers() => [.. Call(new { @do = "answers" }).GetProperty("bytes").EnumerateArray()
        .Select(each => Convert.FromHexString(each.GetString()!))];

    /// <summary>The ids that it named in events: <c>delivered</c>, <c>acknowledged</c>, <c>possible</c>, <c>missing</c>; or
    /// <c>waiting</c>.</summary>
    public string[] Ids(string kind) =>
        [.. Call(new { @do = "state" }).GetProperty(kind).EnumerateArray().Select(each => each.GetString()!)];

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(s_watchdog)) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private JsonElement Call(object command)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(command));
        _process.StandardInput.Flush();
        string line = _process.StandardOutput.ReadLineAsync().WaitAsync(s_watchdog).GetAwaiter().GetResult()
            ?? throw new InvalidOperationException("the process of @waku/sds ended");
        JsonElement answer = JsonDocument.Parse(line).RootElement;
        return answer.TryGetProperty("error", out JsonElement error)
            ? throw new InvalidOperationException($"@waku/sds: {error}") : answer;
    }
}
