using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.SelfTest;

/// <summary>The process of <c>batchtest</c> that puts until it is killed, and says what it has put.</summary>
internal static class BatchTestWorkerVerb
{
    public const string Name = "batchtest-worker";

    public static Command Make()
    {
        Argument<string[]> words = new("WORDS") { Arity = ArgumentArity.OneOrMore };
        var verb = new Verb(Name,
            "Run a process of 'batchtest'.", $"arrowcid {Name} STORE FIRST ROWS SEED") { words };
        verb.Hidden = true;
        verb.SetAction(parsed => Run(parsed.GetValue(words)!));
        return verb;
    }

    private static int Run(string[] words)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        int first = int.Parse(words[1], plain), rows = int.Parse(words[2], plain), seed = int.Parse(words[3], plain);
        using var store = CidStore.Open(words[0], new CidStoreOptions { CreateIfMissing = false });
        using var output = Output.Open();
        for (int number = first; ; number++)
        {
            Cid cid = store.Put(BatchTest.Batch(seed, number, rows)).Cid;
            output.Line(cid.ToString());
            output.Writer.Flush();
        }
    }
}
