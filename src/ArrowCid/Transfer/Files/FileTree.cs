using System.IO.Enumeration;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Transfer;

/// <summary>
/// The CIDs of files and directories as they are on the disk: of a file that of its bytes as one raw block, of a
/// directory that of a node <c>{v: 1, kind: "arrowcid/files", files: {path: link}}</c>, which depends on the paths
/// below it and the bytes of the files alone. Links are followed to files; other directories that they lead to are left
/// out.
/// </summary>
internal static class FileTree
{
    public const string Kind = "arrowcid/files";

    private const int ReadBytes = 1 << 17;

    /// <summary>The CID of a file.</summary>
    /// <exception cref="ArrowCidException">The file cannot be read.</exception>
    public static Cid OfFile(string path)
    {
        try
        {
            using FileStream stream = new(path,
                new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
            var hash = new Sha256();
            byte[] bytes = new byte[ReadBytes];
            for (int read; (read = stream.Read(bytes)) > 0;) hash.Append(bytes.AsSpan(0, read));
            return Cid.FromSha256(Multicodec.Raw, hash.Finish());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"{path}: the file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The files below a directory, by their paths from there with slashes.</summary>
    /// <exception cref="ArrowCidException">A directory cannot be read.</exception>
    public static SortedDictionary<string, string> FilesIn(string directory)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = 0,
            IgnoreInaccessible = false,
        };
        try
        {
            var found = new FileSystemEnumerable<string>(directory,
                static (ref FileSystemEntry entry) => entry.ToFullPath(), options)
            {
                ShouldIncludePredicate = static (ref FileSystemEntry entry) => !entry.IsDirectory,
                // A link to a directory may lead to one above.
                ShouldRecursePredicate = static (ref FileSystemEntry entry) =>
                    (entry.Attributes & FileAttributes.ReparsePoint) == 0,
            };
            foreach (string file in found)
                files.Add(Path.GetRelativePath(directory, file).Replace('\\', '/'), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(IoFault.CodeOf(e),
                $"{directory}: the directory cannot be read: {e.Message}", e);
        }

        return files;
    }

    /// <summary>The node of a directory.</summary>
    /// <param name="files">The CIDs of the files by their paths.</param>
    public static byte[] NodeOf(IEnumerable<KeyValuePair<string, Cid>> files) => DagCbor.Encode(IpldNode.Map(
        ("v", IpldNode.Integer(1)),
        ("kind", IpldNode.Text(Kind)),
        ("files", IpldNode.Map([.. files.Select(file => (PathOf(file.Key), IpldNode.Link(file.Value)))]))));

    /// <summary>The files of a directory's node by their paths, in the order of the node.</summary>
    /// <param name="cid">The CID of the node.</param>
    /// <param name="block">The bytes of the node.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the block is another;
    /// <see cref="ErrorCode.InvalidData"/>: a path leads out of the directory.</exception>
    public static List<KeyValuePair<string, Cid>> FilesOf(Cid cid, ReadOnlySpan<byte> block)
    {
        IpldNode node = cid.Codec == Multicodec.DagCbor ? DagCbor.Decode(block) : IpldNode.Null;
        bool isTree = node.Kind == IpldKind.Map && node["kind"] is { Kind: IpldKind.Text } kind &&
            kind.AsText() == Kind && node["files"] is { Kind: IpldKind.Map };
        if (!isTree) throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is no directory of files");
        var files = new List<KeyValuePair<string, Cid>>();
        foreach ((string path, IpldNode link) in node["files"]!.Entries)
        {
            if (link.Kind != IpldKind.Link || !IsPlain(path))
            {
                throw new ArrowCidException(ErrorCode.InvalidData,
                    $"the directory has a file '{path}', which is not allowed");
            }

            files.Add(new(path, link.AsLink()));
        }

        return files;
    }

    /// <summary>Whether a path of a file leads nowhere but below its directory.</summary>
    public static bool IsPlain(string path) => path.Length > 0 && !path.Contains('\0', StringComparison.Ordinal) &&
        path.Split('/').All(part => part is not ("" or "." or ".."));

    /// <summary>The CID of a regular file or a directory; null where there is neither.</summary>
    /// <exception cref="ArrowCidException">It cannot be read.</exception>
    public static Cid? Of(string path)
    {
        // A pipe or a device has no contents of its own.
        if (File.Exists(path)) return OutputPath.IsRegularFile(path) ? OfFile(path) : null;
        return Directory.Exists(path)
            ? CidOf(NodeOf(FilesIn(path).Select(file => KeyValuePair.Create(file.Key, OfFile(file.Value)))))
            : null;
    }

    /// <summary>The CID of a node.</summary>
    public static Cid CidOf(byte[] node) => Cid.FromSha256(Multicodec.DagCbor, Sha256.Hash(node));

    private static string PathOf(string path) => IpldText.IsWellFormed(path)
        ? path
        : throw new ArrowCidException(ErrorCode.InvalidArgument, $"the path '{path}' is not Unicode");
}
