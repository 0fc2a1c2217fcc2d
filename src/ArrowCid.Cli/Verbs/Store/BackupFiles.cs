using System.Globalization;
using ArrowCid.Cli.Inputs;
using ArrowCid.S3;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Cli.Verbs;

/// <summary>The increments of a backup as files: of a directory those named by number, or one file.</summary>
internal sealed class BackupFiles : IDisposable
{
    public const string Extension = ".car";

    private readonly List<Stream> _streams = [];

    private BackupFiles(string[] files) => Files = files;

    public string[] Files { get; }

    /// <summary>Whether a path is one file and no directory of increments.</summary>
    public static bool IsOneFile(string path) => !Directory.Exists(path) &&
        (File.Exists(path) || Input.NameOf(path).EndsWith(Extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a backup to a path is one file and no increment in a directory.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the path exists and is no backup,
    /// or does not exist and does not say which of the two it is to be.</exception>
    public static bool IsFileToWrite(string path)
    {
        if (S3Files.Matches(path)) return IsObjectToWrite(path);
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(path)) return false;
        var target = OutputPath.Of(path);
        bool isNamedSo = path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);
        if (target.IsMissing && !isNamedSo)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{path} does not exist; name a directory that ends in /, or a file that ends in {Extension}");
        }

        if (!target.IsMissing && target.IsReplaced && !IsBackup(target.Target)) throw NoBackup(path);
        return true;
    }

    /// <summary>The increments that are there, oldest first.</summary>
    /// <param name="path">The directory or file.</param>
    /// <param name="most">As many as are wanted; null for all.</param>
    public static BackupFiles Find(string path, int? most = null)
    {
        if (IsOneFile(path)) return new BackupFiles(Exists(path) ? [path] : []);
        if (S3Files.Matches(path))
        {
            IEnumerable<string> names = S3Files.List(path).Where(key => !key.Contains('/') && IsNumbered(key))
                .Order(StringComparer.Ordinal);
            return new BackupFiles([.. names.Take(most ?? int.MaxValue).Select(name => S3Files.Combine(path, name))]);
        }

        if (!Directory.Exists(path)) return new BackupFiles([]);
        var numbered = new List<string>();
        // A file that is missing ends the row, and the number of those after it says so.
        foreach (string file in Directory.EnumerateFiles(path, "*" + Extension))
        {
            if (IsNumbered(file)) numbered.Add(file);
        }

        numbered.Sort(StringComparer.Ordinal);
        return new BackupFiles([.. numbered.Take(most ?? int.MaxValue)]);
    }

    public static string NameOf(long number) => number.ToString("D8", CultureInfo.InvariantCulture);

    /// <summary>Reads them.</summary>
    /// <param name="prove">Whether every block is hashed.</param>
    public StoreBackup Read(bool prove)
    {
        foreach (string file in Files)
        {
            try
            {
                _streams.Add(Input.OpenSeekable(file));
            }
            catch (ArrowCidException e)
            {
                throw new ArrowCidException(e.Code, $"{file}: {e.Message}", e);
            }
        }

        using var progress = new Progress("bytes of the backup read");
        return StoreBackup.Read(_streams, prove, progress);
    }

    public void Dispose()
    {
        foreach (Stream stream in _streams) stream.Dispose();
    }

    private static bool IsObjectToWrite(string path)
    {
        if (S3Files.IsFolder(path)) return false;
        if (!IsOneFile(path))
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"name a folder that ends in /, or an object that ends in {Extension}");
        }

        if (S3Files.Exists(path) && !IsBackup(path)) throw NoBackup(path);
        return true;
    }

    private static ArrowCidException NoBackup(string path) => new(ErrorCode.InvalidArgument,
        $"{path} exists and is no backup that can be read; nothing was written; name another file");

    private static bool Exists(string path) => S3Files.Matches(path) ? S3Files.Exists(path) : File.Exists(path);

    private static bool IsNumbered(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        return file.EndsWith(Extension, StringComparison.Ordinal) && name.Length == NameOf(1).Length
            && name.All(char.IsAsciiDigit);
    }

    private static bool IsBackup(string file)
    {
        using Stream stream = Input.OpenSeekable(file);
        try
        {
            _ = StoreBackup.Read([stream], prove: false);
            return true;
        }
        catch (ArrowCidException e) when
            (e.Code is ErrorCode.InvalidData or ErrorCode.TooLarge or ErrorCode.Unsupported)
        {
            return false;
        }
    }
}
