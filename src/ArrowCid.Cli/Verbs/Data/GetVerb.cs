using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>get</c>: a block's bytes out of a store, or some columns of batches.</summary>
internal static class GetVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks; several go to a directory (-o DIR/).", isNeeded: true);
        Option<string?> store = Verb.Store();
        var output = new Option<string?>("-o", "--output")
        {
            HelpName = "FILE",
            Description = "The output file; a directory, created if its name ends in /, for files that are named by " +
                "CID; - is standard output, the default if that is no terminal.",
        };
        var form = new Option<string?>("--as")
        {
            HelpName = "FORMAT",
            Description = "The format: the block's bytes, npy (a tensor), csv, json or parquet (a batch or " +
                "dataset), or files (a directory that 'put --as files' stored; -o names the directory). Default: " +
                "bytes.",
        };
        _ = form.AcceptOnlyFromAmong(ContentOutput.Formats);
        Option<string?> columns = ColumnNames.Make("Columns of a batch or dataset, separated by commas; they are " +
            "written as an Arrow IPC stream. Of a batch over 1 MiB that the store copied to a place, only these " +
            "columns are read there, each piece proved by its own CID; of others the whole block.");
        var verb = new Verb("get",
            "Write the bytes of a block, or columns of it. The bytes are hashed first. They are a complete Arrow IPC " +
            "stream. A block that is not stored here is read from the places and then from the locations that are " +
            "recorded for it.",
            "arrowcid get CID -o batch.arrows",
            "arrowcid get CID @prices -o blocks/",
            "arrowcid get CID | sha256sum",
            "arrowcid get @model --as npy -o model.npy",
            "arrowcid get CID --from http://127.0.0.1:8816 --fill -o batch.arrows",
            "arrowcid get @prices --columns px,qty -o prices.arrows")
        {
            cids, columns, store, output, form,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed => Run(parsed.GetValue(cids)!, ColumnNames.Parse(parsed.GetValue(columns)),
            () => from.Open(parsed, parsed.GetValue(store)), parsed.GetValue(output), parsed.GetValue(form)));
        return verb;
    }

    private static int Run(string[] texts, string[] columns, Func<BlockPlaces> open, string? file, string? form)
    {
        if (form is not null && columns.Length > 0)
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "--columns writes an Arrow stream; leave --as out, or convert it by 'put' and 'get --as'");
        if (ContentOutput.IsDirectory(form) && file is null or OutputFile.StandardOutput)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "--as files writes a directory; name it with -o");
        if (file is null && Output.IsTerminal)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "a block is binary and this is a terminal; say -o FILE, -o - to print it all the same, or use 'cat'");
        }

        bool isFolder = file is not null && !ContentOutput.IsDirectory(form)
            && (file.EndsWith('/') || Directory.Exists(file));
        if (texts.Length > 1 && !isFolder && (file is null || !ContentOutput.IsDirectory(form)))
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "several blocks go to a directory; name it: -o DIR/");
        using BlockPlaces places = open();
        Cid[] all = Array.ConvertAll(texts, places.Resolve);
        if (isFolder) _ = Directory.CreateDirectory(file!);
        foreach (Cid cid in all)
        {
            string? to = isFolder ? Path.Combine(file!, $"{cid}{ContentOutput.ExtensionOf(form)}")
                : all.Length > 1 ? Path.Combine(file!, cid.ToString())
                : file;
            Write(places, cid, columns, to, form);
        }

        return 0;
    }

    private static void Write(BlockPlaces places, Cid cid, string[] columns, string? file, string? form)
    {
        if (form is not null)
        {
            ContentOutput.Write(places, cid, form, file ?? OutputFile.StandardOutput);
            return;
        }

        file ??= OutputFile.StandardOutput;
        if (columns.Length > 0)
        {
            WriteColumns(places, cid, columns, file);
            return;
        }

        using BlockLease block = places.Get(cid);
        OutputFile.Write(file, stream => stream.Write(block.Bytes.Span));
    }

    private static void WriteColumns(BlockPlaces places, Cid cid, string[] columns, string file)
    {
        using IEnumerator<RecordBatch> batches = places.GetColumns(cid, columns).GetEnumerator();
        // The schema is that of the first batch; without one nothing is written.
        if (!batches.MoveNext())
            throw new ArrowCidException(ErrorCode.BlockNotFound, $"{cid} has no batch");
        OutputFile.Write(file, stream =>
        {
            using var writer = new ArrowWriter(stream, batches.Current.Schema);
            do writer.Write(batches.Current);
            while (batches.MoveNext());
            writer.Finish();
        });
    }
}
