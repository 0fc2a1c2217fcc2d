using System.Globalization;
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
        (File.Exists(path) || path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a backup to a path is one file and no increment in a directory.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the path exists and is no backup,
    /// or does not exist and does not say which of the two it is to be.</exception>
    public static bool IsFileToWrite(string path)
    {
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(path)) return false;
        var target = OutputPath.Of(path);
        bool isNamedSo = path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);
        if (target.IsMissing && !isNamedSo)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{path} does not exist; name a directory that ends in /, or a file that ends in {Extension}");
        }

        if (!target.IsMissing && target.IsReplaced && !IsBackup(target.Target))
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{path} exists and is no backup that can be read; nothing was written; name another file");
        }

        return true;
    }

    /// <summary>The increments that are there, oldest first.</summary>
    /// <param name="path">The directory or file.</param>
    /// <param name="most">As many as are wanted; null for all.</param>
    public static BackupFiles Find(string path, int? most = null)
    {
        if (IsOneFile(path)) return new BackupFiles(File.Exists(path) ? [path] : []);
        if (!Directory.Exists(path)) return new BackupFiles([]);
        var numbered = new List<string>();
        // A file that is missing ends the row, and the number of those after it says so.
        foreach (string file in Directory.EnumerateFiles(path, "*" + Extension))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            if (name.Length == NameOf(1).Length && name.All(char.IsAsciiDigit)) numbered.Add(file);
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
        return StoreBackup.Read(_streams, prove, progress.Show);
    }

    public void Dispose()
    {
        foreach (Stream stream in _streams) stream.Dispose();
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
