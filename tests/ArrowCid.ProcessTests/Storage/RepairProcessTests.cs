using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests;

/// <summary>Damaged blocks are repaired while other processes read and write.</summary>
public sealed class RepairProcessTests(ITestOutputHelper output)
{
    private const int Blocks = 3000;

    /// <summary>Of 3,000 blocks 1 % change on the medium; one copy has all of them.</summary>
    [Fact]
    public async Task Repair_heals_one_per_cent_of_damaged_blocks_while_readers_and_writers_go_on()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var folder = new TemporaryFolder(isMemory: true);
        using var copies = new TemporaryFolder(isMemory: true);
        (Cid Cid, byte[] Bytes)[] blocks = RepairWorker.Blocks($"{Blocks}");
        using CidStore store = Open(folder), copy = Open(copies);
        foreach ((_, byte[] bytes) in blocks) Assert.True(store.PutRaw(bytes).IsNew);
        _ = store.Transfer.CopyTo(copy);
        Process[] workers =
        [
            Worker.Start(null, "repair-read", folder.Store, $"{Blocks}", "1"),
            Worker.Start(null, "repair-read", folder.Store, $"{Blocks}", "2"),
            Worker.Start(null, "repair-write", folder.Store, $"{Blocks}", "3"),
            Worker.Start(null, "repair-write", folder.Store, $"{Blocks}", "4"),
        ];
        var random = new Random(seed);
        HashSet<Cid> damaged = [.. Enumerable.Range(0, Blocks).Where(_ => random.Next(100) == 0)
            .Select(number => blocks[number].Cid).Append(blocks[7].Cid)];
        Flip(folder.Store, damaged, random);
        using BlockBackend source = copy.Transfer.AsBackend();
        RepairResult[] repaired = [.. store.Maintenance.RepairAll(source)];
        foreach (Process worker in workers) worker.StandardInput.Close();
        long refused = 0, healed = repaired.Count(one => one.Outcome == RepairOutcome.Repaired), written = 0;
        foreach (Process worker in workers)
        {
            string text = await worker.StandardOutput.ReadToEndAsync();
            string errors = await worker.StandardError.ReadToEndAsync();
            await worker.WaitForExitAsync();
            Assert.True(worker.ExitCode == 0, errors);
            output.WriteLine(text.Trim());
            Assert.DoesNotContain("wrong", text, StringComparison.Ordinal);
            string[] words = text.Trim().Split(' ');
            long count = long.Parse(words[2], CultureInfo.InvariantCulture);
            if (words[0] == "read") refused += count;
            else (healed, written) = (healed + count, written + long.Parse(words[1], CultureInfo.InvariantCulture));
        }

        output.WriteLine($"{damaged.Count} damaged, {healed} repaired, {refused} reads refused, {written} put");
        Assert.DoesNotContain(repaired, one => one.Outcome == RepairOutcome.Damaged);
        Assert.True(healed >= damaged.Count, $"{healed} of {damaged.Count} were repaired");
        foreach ((Cid cid, byte[] bytes) in blocks) Assert.Equal(bytes, store.Reading.ReadBlock(cid));
        foreach (int writer in new[] { 3, 4 })
            Assert.True(store.Contains(Cid.Sha256(Multicodec.Raw, RepairWorker.Bytes(writer * 1_000_000))));
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.Null(result.Error));
        Assert.Empty(store.Maintenance.RepairAll(source));
        Assert.DoesNotContain(store.Blocks.Examination.CheckLog(), one => one.Severity == FindingSeverity.Error);
    }

    /// <summary>A put that repairs is killed at each of its steps: the next one ends it, and nothing damaged is ever
    /// acknowledged.</summary>
    [Theory]
    [InlineData("P3:1")]
    [InlineData("F4:1")]
    [InlineData("H1:1")]
    [InlineData("P4:1")]
    [InlineData("P5:1")]
    [InlineData("P6:1")]
    [InlineData("H2:1")]
    [InlineData("P4:2")]
    [InlineData("P6:2")]
    public void Put_that_repairs_leaves_a_whole_store_wherever_it_is_killed(string step)
    {
        const string V1 = "vectors/v1.arrows", Nan = "vectors/more/nan.arrows";
        const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
        using var folder = new TemporaryFolder();
        Command.Run(["put", V1, Nan, "--tag", "a=b"], null, folder.Store).Succeeds();
        Flip(folder.Store, [Cid.Parse(V1Cid)], new Random(1));
        CommandResult killed = Command.Shell($"ARROWCID_CRASH_AT={step} \"$@\" put {V1}", folder.Store);
        Assert.True(killed.ExitCode is 137 or 0, killed.Errors);
        Command.Run(["put", V1], null, folder.Store).Succeeds();
        Assert.Equal(2, Command.Run(["verify", "--all"], null, folder.Store).Exits(0).Lines.Length);
        Assert.Contains("known", Command.Run(["put", V1], null, folder.Store).Succeeds().Text,
            StringComparison.Ordinal);
        Command.Run(["log", "check"], null, folder.Store).Exits(0);
    }

    /// <summary>Changes a byte of each block, wherever it is stored.</summary>
    private static void Flip(string directory, HashSet<Cid> cids, Random random)
    {
        foreach (string path in Directory.GetFiles(directory, "seg-*").Where(path => path[^9] == '-'))
        {
            byte[] bytes = File.ReadAllBytes(path);
            if (SegmentHeader.Read(bytes.AsSpan(0,
                StoreLayout.SegmentHeaderBytes)) is not { Kind: not SegmentKind.Facts } header)
                continue;
            long end = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)StoreLayout.SegmentCommitted));
            for (long at = StoreLayout.SegmentRecords; at < end;)
            {
                Assert.True(RecordHeader.TryParse(bytes.AsSpan((int)at, StoreLayout.RecordHeaderBytes), header.Nonce,
                    at, bytes.Length, out RecordHeader record));
                if (record.IsBlock && cids.Contains(Cid.FromSha256(Multicodec.Raw, record.Digest)))
                {
                    long place = at + StoreLayout.RecordHeaderBytes +
                        random.Next((int)record.PayloadLength / 2, (int)record.PayloadLength);
                    using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                    file.Position = place;
                    file.WriteByte((byte)(bytes[place] ^ 0x40));
                }

                at += record.Extent;
            }
        }
    }

    private static CidStore Open(TemporaryFolder folder) => CidStore.Open(folder.Store,
        new CidStoreOptions { Capacity = 1 << 30, SegmentSize = 4 << 20, Timeout = TimeSpan.FromSeconds(30) });
}
