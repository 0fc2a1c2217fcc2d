using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.ProcessTests;

/// <summary>The registry's side of the workers: they say facts of numbered batches, and what was acknowledged.</summary>
internal static class RegistryWorker
{
    public const string Counter = "counter";

    /// <summary>count DIRECTORY TIMES: raises a counter, which is a name that stands for the batch of its number, and
    /// prints each number that it gave it.</summary>
    public static int Count(string[] arguments)
    {
        int times = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        output.AutoFlush = true;
        using CidStore store = Open(arguments[0]);
        for (int count = 0; count < times;)
        {
            Cid? now = store.Names.Resolve(Counter);
            int next = now is { } cid ? NumberOf(store, cid) + 1 : 0;
            PutResult put = store.Put(Batch(next));
            try
            {
                _ = store.Names.Set(Counter, put.Cid, now);
                output.WriteLine(next);
                count++;
            }
            catch (ArrowCidException e) when (e.Code is ErrorCode.NameConflict or ErrorCode.NameExists)
            {
                // Another process was first.
            }
        }

        return 0;
    }

    /// <summary>say DIRECTORY FROM COUNT: puts numbered batches with tags, names, tags and pins them, and prints a line
    /// for each that was acknowledged.</summary>
    public static int Say(string[] arguments)
    {
        int from = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        int count = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        output.AutoFlush = true;
        using CidStore store = Open(arguments[0]);
        for (int number = from; number < from + count; number++)
        {
            Cid cid = store.Put(Batch(number), new PutOptions
            {
                Tags = new Dictionary<string, string?> { ["number"] = $"{number}" },
                Producer = "worker",
            }).Cid;
            output.WriteLine($"put {number}");
            _ = store.Names.Set($"name-{number}", cid);
            output.WriteLine($"name {number}");
            store.Metadata.Tag(cid, "later", $"{number}");
            output.WriteLine($"tag {number}");
            store.Retention.Pin(cid);
            output.WriteLine($"pin {number}");
        }

        return 0;
    }

    /// <summary>checkpoint DIRECTORY FROM TIMES: tags as many numbered blocks, which need not be there, and brings the
    /// index up to date behind each; prints each number once it is tagged.</summary>
    public static int Checkpoint(string[] arguments)
    {
        int from = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        int times = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        output.AutoFlush = true;
        using CidStore store = Open(arguments[0]);
        for (int number = from; number < from + times; number++)
        {
            store.Metadata.Tag(CidOf(number), "number", $"{number}");
            output.WriteLine(number);
            _ = store.Maintenance.Checkpoint();
        }

        return 0;
    }

    /// <summary>remove DIRECTORY COUNT: removes numbered batches and prints each number once it is gone.</summary>
    public static int Remove(string[] arguments)
    {
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        output.AutoFlush = true;
        using CidStore store = Open(arguments[0]);
        for (int number = 0; number < count; number++)
        {
            foreach (Cid _ in store.Retention.Remove([CidOf(number)]).Removed) output.WriteLine(number);
        }

        return 0;
    }

    /// <summary>hold-block DIRECTORY NUMBER: holds a batch, says so, and waits for its input to end.</summary>
    public static int Hold(string[] arguments)
    {
        int number = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        using CidStore store = Open(arguments[0]);
        using BlockHold hold = store.Retention.Hold(CidOf(number));
        Console.WriteLine("held");
        _ = Console.In.ReadToEnd();
        return 0;
    }

    public static CidStore Open(string directory) => CidStore.Open(directory, new CidStoreOptions
    {
        Capacity = 128 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(60),
    });

    public static RecordBatch Batch(int number) => RecordBatch.Of(("n", ArrowArray.From<int>(new[] { number })));

    public static Cid CidOf(int number) => ArrowCid.Ipc.CanonicalBlock.CidOf(Batch(number));

    public static int NumberOf(CidStore store, Cid cid)
    {
        using BatchLease? lease = store.TryGet(cid);
        return lease!.View.Column<int>("n").Values[0];
    }
}
