using System.Globalization;
using System.Text;

namespace ArrowCid.ProcessTests;

/// <summary>Workers that compute results of calls.</summary>
internal static class MemoWorker
{
    public const string Function = "numbered";

    /// <summary>memo-count DIRECTORY FROM COUNT: computes the results of numbered calls, and prints each number once its
    /// result was returned.</summary>
    public static int Count(string[] arguments)
    {
        int from = Number(arguments[1]), end = from + Number(arguments[2]);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        output.AutoFlush = true;
        using CidStore store = Open(arguments[0]);
        for (int number = from; number < end; number++)
        {
            byte[] bytes = Memo.Open(store, Function).GetOrComputeBytesAsync(KeyOf(store, number),
                _ => Task.FromResult(ValueOf(number))).GetAwaiter().GetResult();
            if (!bytes.AsSpan().SequenceEqual(ValueOf(number).Span)) return 1;
            output.WriteLine(number);
        }

        return 0;
    }

    /// <summary>memo-once DIRECTORY waits|goes: computes one result, and says so; with waits not before its input
    /// ends.</summary>
    public static int Once(string[] arguments)
    {
        using CidStore store = Open(arguments[0]);
        Console.WriteLine("ready");
        byte[] bytes = Memo.Open(store, Function).GetOrComputeBytesAsync(KeyOf(store, -1), async cancel =>
        {
            Console.WriteLine("computes");
            if (arguments[1] == "waits") _ = await Console.In.ReadToEndAsync(cancel);
            return ValueOf(-1);
        }).GetAwaiter().GetResult();
        Console.WriteLine(Encoding.UTF8.GetString(bytes));
        return 0;
    }

    public static CallKey KeyOf(CidStore store, int number) => Memo.Open(store, Function).Key(new { number });

    public static ReadOnlyMemory<byte> ValueOf(int number) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"the value of {number}"));

    public static CidStore Open(string directory) => CidStore.Open(directory, new CidStoreOptions
    {
        Capacity = 64 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(60),
    });

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
