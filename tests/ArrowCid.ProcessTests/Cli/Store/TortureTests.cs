using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Storage;
using ArrowCid.Tests.Transfer.S3;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>
/// <c>tests/ArrowCid.Torture</c>: 150 rounds in every run. <c>ARROWCID_TORTURE_ROUNDS</c> sets another number, and
/// <c>ARROWCID_SEED</c> the seed.
/// </summary>
public sealed class TortureTests
{
    private const int Rounds = 150;
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "ArrowCid.Torture.dll");
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(18);

    [Fact]
    public async Task Killed_at_random_and_at_every_step_processes_lose_nothing_and_leave_nothing()
    {
        string rounds = Environment.GetEnvironmentVariable("ARROWCID_TORTURE_ROUNDS") ??
            Rounds.ToString(CultureInfo.InvariantCulture);
        string seed = Environment.GetEnvironmentVariable("ARROWCID_SEED") ?? "20261121";
        (int exit, JsonElement result, string errors) = await Run("--rounds", rounds, "--seed", seed);
        Assert.True(exit == 0, $"exit code {exit}: {errors}");
        Assert.Equal(int.Parse(rounds, CultureInfo.InvariantCulture), result.GetProperty("rounds").GetInt32());
        Assert.True(result.GetProperty("kills").GetInt32() > 0);
        Assert.True(result.GetProperty("promises").GetInt64() > 0);
        Assert.True(result.GetProperty("restored").GetInt64() > 0);
        Assert.True(result.GetProperty("blocksHashed").GetInt64() > 0);
        List<string> missed = [.. result.GetProperty("steps").EnumerateObject()
            .Where(step => step.Value.GetInt32() == 0 && IsWithinReach(step.Name)).Select(step => step.Name)];
        Assert.True(missed.Count == 0, $"nobody died at {string.Join(", ", missed)}: {result}");
    }

    /// <summary>A copy to a bucket is killed after its objects, its index object, a merge of those and a removal.</summary>
    [ProgramFact(Programs.Moto)]
    public async Task Killed_at_every_step_of_a_bucket_processes_lose_no_block()
    {
        string seed = Environment.GetEnvironmentVariable("ARROWCID_SEED") ?? "16";
        (int exit, JsonElement result, string errors) = await Run("--steps", "O", "--rounds", "5", "--processes", "1",
            "--bucket", MotoServer.NewFolder(), "--seed", seed);
        Assert.True(exit == 0, $"exit code {exit}: {errors}");
        Assert.All(result.GetProperty("steps").EnumerateObject(),
            step => Assert.True(step.Value.GetInt32() > 0, $"no worker died at {step.Name}: {result}"));
    }

    /// <summary>The steps are those of the enumeration. <see cref="DamageVerbsTests"/> kills at those of
    /// quarantine.</summary>
    [Fact]
    public async Task Every_step_is_in_its_turns()
    {
        (_, JsonElement result, _) = await Run("--kills", "1", "--seed", "1");
        IEnumerable<string> steps = Enum.GetNames<CrashStep>()
            .Where(name => name != nameof(CrashStep.None) && name[0] is not ('Q' or 'N' or 'O' or 'Z' or 'L'));
        Assert.Equal(steps.Order(StringComparer.Ordinal),
            result.GetProperty("steps").EnumerateObject().Select(step => step.Name));
    }

    /// <summary>What is flushed needs a disk.</summary>
    private static bool IsWithinReach(string step)
    {
        if (step[0] != 'D') return true;
        using var store = new TemporaryFolder();
        return new DriveInfo(store.Name).DriveFormat is not ("tmpfs" or "ramfs");
    }

    private static async Task<(int Exit, JsonElement Result, string Errors)> Run(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("dotnet",
            [s_program, "--json", "--seconds", "1000", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(s_watchdog);
        Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
        string output;
        try
        {
            output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, JsonSerializer.Deserialize<JsonElement>(output), await errors);
    }
}
