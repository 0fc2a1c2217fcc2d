using System.CommandLine;
using System.Runtime.InteropServices;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>get</c>: a block's bytes out of a store.</summary>
internal static class GetVerb
{
    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        Option<string?> store = Verb.Store();
        var output = new Option<string?>("-o", "--output")
        {
            HelpName = "FILE",
            Description = "Where to write the block; - is standard output, the default where that is no terminal.",
        };
        var verb = new Verb("get",
            "Writes a block's bytes, once they are proved to hash to the CID. They are a whole Arrow IPC stream.",
            "arrowcid get CID -o batch.arrows",
            "arrowcid get CID | sha256sum")
        {
            cid, store, output,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(cid)!, parsed.GetValue(store), parsed.GetValue(output)));
        return verb;
    }

    private static int Run(string text, string? directory, string? file)
    {
        if (file is null && Output.IsTerminal)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "a block is binary and this is a terminal; say -o FILE, -o - to print it all the same, or use 'cat'");
        }

        using CidStore store = StoreReading.Open(directory);
        Cid cid = Reference.Resolve(store, text);
        if (file is null or "-")
        {
            using Stream output = Output.OpenStream();
            if (!store.TryCopyTo(cid, output)) throw Failure.NoBlock(cid.ToString(), store);
        }
        else
        {
            WriteFile(store, cid, file);
        }

        return 0;
    }

    /// <summary>The file is there whole or not at all.</summary>
    private static void WriteFile(CidStore store, Cid cid, string file)
    {
        string target = Path.GetFullPath(file);
        string temporary = $"{target}.tmp-{Environment.ProcessId}";
        using PosixSignalRegistration interrupted =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Remove(temporary));
        using PosixSignalRegistration terminated =
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Remove(temporary));
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                if (!store.TryCopyTo(cid, stream)) throw Failure.NoBlock(cid.ToString(), store);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(temporary);
            throw new ArrowCidException(e is IOException ? ErrorCode.Io : ErrorCode.AccessDenied,
                $"{file} cannot be written: {e.Message}", e);
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What stopped the writing stops this too; the error that is reported is that one.
        }
    }
}
