using System.Diagnostics;
using System.Globalization;
using ArrowCid.Cli;

namespace ArrowCid.Benchmarks;

/// <summary>A child that answers each line with one line, and ends with its standard input.</summary>
internal sealed class LineProcess : IDisposable
{
    private readonly Process _process;

    private LineProcess(Process process) => _process = process;

    /// <summary>Starts a child.</summary>
    /// <returns>The child, or null where its first line is not <c>ready</c>.</returns>
    public static LineProcess? TryStart(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        Process process = Process.Start(start)
            ?? throw new ArrowCidException(ErrorCode.Io, $"{start.FileName} could not be started");
        if (process.StandardOutput.ReadLine() == "ready") return new LineProcess(process);
        process.Dispose();
        return null;
    }

    /// <summary>Starts this program's second process in a role.</summary>
    public static LineProcess Second(params string[] role) =>
        TryStart(OwnProgram.With([SecondCommand.Name, .. role]))
            ?? throw new ArrowCidException(ErrorCode.Io, "the second process ended before it was asked anything");

    /// <summary>The processor time that it has taken.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>The memory that is its own: neither a file's nor shared.</summary>
    public long AnonymousBytes
    {
        get
        {
            const string Field = "RssAnon:";
            string line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(Field,
                StringComparison.Ordinal));
            return long.Parse(line[Field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(),
                CultureInfo.InvariantCulture) << 10;
        }
    }

    public void Tell(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    public string Hear() => _process.StandardOutput.ReadLine() ?? throw Ended();

    public string Ask(string line)
    {
        Tell(line);
        return Hear();
    }

    /// <summary>An answer that is a number.</summary>
    public double AskNumber(string line) => double.Parse(Ask(line), CultureInfo.InvariantCulture);

    public double HearNumber() => double.Parse(Hear(), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read what it was told.
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    private ArrowCidException Ended()
    {
        _process.WaitForExit();
        return new ArrowCidException(ErrorCode.Io,
            $"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)} " +
            $"ended with exit code {_process.ExitCode} while it was measured");
    }
}
