using System.IO.Enumeration;
using System.Security.Cryptography;
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

    /// <summary>The CID of a file.</summary>
    /// <exception cref="ArrowCidException">The file cannot be read.</exception>
    public static Cid OfFile(string path)
    {
        try
        {
            using FileStream stream = new(path,
                new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
            return Cid.FromSha256(Multicodec.Raw, new Digest256(SHA256.HashData(stream)));
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
