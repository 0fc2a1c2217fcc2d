using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Ipc;

/// <summary>Hostile bytes end in batches or in an <see cref="ArrowCidException"/>, within the memory budget.</summary>
public sealed class ArrowReaderFuzzTests
{
    private const long Budget = 64 << 20;

    private static readonly ArrowReadOptions s_options = new() { MemoryBudget = Budget, DropCustomMetadata = true };

    public static TheoryData<string> Corpus() => [.. IpcData.Names("arrow-ipc-fuzz")];

    [Theory]
    [MemberData(nameof(Corpus))]
    public void The_fuzz_corpus_of_others_ends_in_an_error_or_a_result(string name)
    {
        byte[] bytes = IpcData.Bytes(name);
        Digest(bytes, name, throughPipe: false);
        Digest(bytes, name, throughPipe: true);
    }

    [Fact]
    public void Mutated_streams_and_files_end_in_an_error_or_a_result()
    {
        int rounds = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 100_000 : 4_000;
        byte[][] seeds = [.. IpcData.Valid().Where(IpcData.IsSmall).Select(IpcData.Bytes)];
        int errors = 0, results = 0;
        for (int seed = 0; seed < rounds; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = Mutate([.. seeds[random.Next(seeds.Length)]], random);
            if (Digest(bytes, $"seed {seed}", throughPipe: seed % 4 == 3)) results++;
            else errors++;
        }

        // Both ends must be met, or the mutations are too wild or too tame to say anything.
        Assert.True(errors > rounds / 20 && results > rounds / 20, $"{errors} errors, {results} results");
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        int[] metadata = random.Next(2) == 0 ? MetadataBytes(bytes) : [];
        int changes = 1 + random.Next(4);
        for (int i = 0; i < changes; i++)
        {
            int at = metadata.Length > 0 ? metadata[random.Next(metadata.Length)] : random.Next(bytes.Length);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.AsSpan(at, Math.Min(random.Next(1, 9), bytes.Length - at)).Fill((byte)(random.Next(2) * 255)); break;
                case 3: Write(bytes, at & ~3, random.Next(-4, 5)); break;
                case 4: Write(bytes, at & ~3, random.Next(2) == 0 ? int.MaxValue : int.MinValue); break;
                default: Write(bytes, at & ~7, 1L << random.Next(64)); break;
            }
        }

        return metadata.Length == 0 && random.Next(8) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    /// <summary>The positions of all metadata bytes: changes there leave the framing whole, so that they are looked at.</summary>
    private static int[] MetadataBytes(byte[] bytes)
    {
        var positions = new List<int>();
        int at = bytes.AsSpan().StartsWith("ARROW1"u8) ? 8 : 0;
        while (at + 8 <= bytes.Length && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) == -1)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4));
            if (length <= 0) break;
            positions.AddRange(Enumerable.Range(at + 8, length));
            var root = FlatTable.Root(bytes.AsSpan(at + 8, length), new FlatLimits(0, length));
            at += 8 + length + (int)root.Long(3);
        }

        if (bytes.AsSpan().StartsWith("ARROW1"u8))
        {
            int footer = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 10));
            positions.AddRange(Enumerable.Range(bytes.Length - 10 - footer, footer));
        }

        return [.. positions];
    }

    private static void Write<T>(byte[] bytes, int at, T value) where T : unmanaged
    {
        Span<byte> image = stackalloc byte[8];
        MemoryMarshal.Write(image, in value);
        int width = Math.Min(value is int ? 4 : 8, bytes.Length - at);
        image[..width].CopyTo(bytes.AsSpan(at));
    }

    /// <summary>Reads all and touches every byte of it.</summary>
    /// <returns>Whether it read without an error.</returns>
    private static bool Digest(byte[] bytes, string name, bool throughPipe)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool whole = true;
        try
        {
            using ArrowReader reader = throughPipe
                ? ArrowReader.Open(new MemoryStream(bytes), s_options)
                : ArrowReader.Open(bytes, s_options);
            for (int batches = 0; batches < 100 && reader.ReadView() is { } batch; batches++)
            {
                Assert.True(batch.Length >= 0);
                foreach (ArrowArray column in batch.Columns) Touch(column);
            }
        }
        catch (ArrowCidException e)
        {
            Assert.NotEmpty(e.Message);
            whole = false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{name}: {e}");
        }

        // What was allocated and let go again counts too, so this is far above what is held at any time.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 4 * Budget, $"{name} took {allocated} bytes");
        return whole;
    }

    private static int Touch(ArrowArray array)
    {
        int sum = array.NullCount;
        foreach (ReadOnlyMemory<byte> buffer in array.Buffers)
        {
            foreach (byte b in buffer.Span) sum += b;
        }

        foreach (ArrowArray child in array.Children) sum += Touch(child);
        return array.Dictionary is null ? sum : sum + Touch(array.Dictionary);
    }
}
