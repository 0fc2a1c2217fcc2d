using System.CommandLine;
using ArrowCid.Cli.Inputs;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>Files that are not taken as tables: their bytes, arrays of NumPy, and directories.</summary>
internal sealed class ContentInput
{
    private const string Bytes = "bytes", Tensor = "tensor", Files = "files";

    private readonly Option<string?> _as = new("--as")
    {
        HelpName = "FORM",
        Description = "What the files are, other than tables: bytes (one block as it is), tensor (an array of " +
            "NumPy), or files (a directory, of which every file is a block).",
    };

    private readonly Option<string?> _media = new("--media")
    {
        HelpName = "TYPE",
        Description = "The media type of bytes, which becomes the tag media: application/pdf.",
    };

    public ContentInput() => _ = _as.AcceptOnlyFromAmong(Bytes, Tensor, Files);

    /// <summary>Adds the options.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="isStored">Whether the verb stores the contents.</param>
    public void AddTo(Verb verb, bool isStored)
    {
        verb.Add(_as);
        if (!isStored) return;
        verb.Add(_media);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(_media) is not null && result.GetValue(_as) != Bytes)
                result.AddError("--media goes with --as bytes.");
        });
    }

    /// <summary>Whether the files are taken so.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_as) is not null;

    /// <summary>Prints the CIDs.</summary>
    public int Hash(ParseResult parsed, string[] files, bool json)
    {
        string form = parsed.GetValue(_as)!;
        using var output = Output.Open();
        return Input.ForEach(files, file =>
        {
            BlockAddress address = form switch
            {
                Tensor => CanonicalBlock.Address(NumpyFile.Read(Input.ReadAll(file))),
                Files => AddressOf(FileTree.NodeOf(FilesIn(file, FileTree.OfFile))),
                _ => AddressOfBytes(Input.ReadAll(file)),
            };
            HashVerb.Print(output, address, file, 0, json);
        });
    }

    /// <summary>Stores the contents.</summary>
    public int Put(ParseResult parsed, CidStore store, string[] files, PutOptions? options, bool json)
    {
        string form = parsed.GetValue(_as)!;
        string? media = parsed.GetValue(_media);
        using var output = Output.Open();
        return Input.ForEach(files, file =>
        {
            PutResult put = form switch
            {
                Tensor => store.Put(NumpyFile.Read(Input.ReadAll(file))),
                Files => PutTree(store, file),
                _ => store.PutRaw(Input.ReadAll(file)),
            };
            Describe(store, put.Cid, options, media);
            HashVerb.Print(output, put.Address, file, 0, json, PutOutcome.Of(put));
        });
    }

    private static void Describe(CidStore store, Cid cid, PutOptions? options, string? media)
    {
        if (options is not null) store.Metadata.Set(cid, options);
        if (media is not null) store.Metadata.Tag(cid, "media", media);
        if (options is { Pin: true }) store.Retention.Pin(cid);
        if (options?.Name is { } name) _ = store.Names.Set(name, cid);
    }

    private static PutResult PutTree(CidStore store, string directory)
    {
        ulong sweep = store.Blocks.Coordination.ReadSweep();
        return FileTreePut.Put(store, FilesIn(directory, file => store.PutRaw(Input.ReadAll(file)).Cid), sweep);
    }

    private static List<KeyValuePair<string, Cid>> FilesIn(string directory, Func<string, Cid> read)
    {
        if (!Directory.Exists(directory))
            throw new ArrowCidException(ErrorCode.InvalidArgument, "this is no directory; --as files takes one");
        var found = new List<KeyValuePair<string, Cid>>();
        foreach ((string path, string file) in FileTree.FilesIn(directory)) found.Add(new(path, read(file)));
        return found;
    }

    private static BlockAddress AddressOfBytes(byte[] bytes) =>
        Address(Cid.Sha256(Multicodec.Raw, bytes), bytes.Length);

    private static BlockAddress AddressOf(byte[] node) => Address(FileTree.CidOf(node), node.Length);

    private static BlockAddress Address(Cid cid, int length) => new()
    {
        Cid = cid,
        SchemaCid = Cid.FromSha256(Multicodec.Raw, default(Digest256)),
        Rows = 0,
        ByteLength = length,
    };
}
