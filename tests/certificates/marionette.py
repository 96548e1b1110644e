"""Opens an address in a headless Firefox and prints the page, or why the browser refused it.

marionette.py FIREFOX PROFILE URL
"""
import json
import os
import socket
import subprocess
import sys
import time

firefox, profile, url = sys.argv[1:]

PREFS = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "dom.security.https_only_mode": False,
}


class Marionette:
    """The protocol: `LENGTH:[0, ID, COMMAND, PARAMETERS]`, answered by `LENGTH:[1, ID, ERROR, RESULT]`."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.last = 0
        self.read()

    def read(self):
        length = b""
        while not length.endswith(b":"):
            length += self.take(1)
        left = int(length[:-1])
        body = b""
        while len(body) < left:
            body += self.take(left - len(body))
        return json.loads(body)

    def take(self, size):
        chunk = self.socket.recv(size)
        if not chunk:
            raise EOFError("Firefox hung up")
        return chunk

    def call(self, command, parameters):
        self.last += 1
        message = json.dumps([0, self.last, command, parameters]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self.read()
        if error:
            raise RuntimeError(error["error"] + ": " + error["message"])
        return result


def port_of(profile, process):
    path = os.path.join(profile, "MarionetteActivePort")
    for _ in range(600):
        if os.path.exists(path):
            with open(path) as file:
                port = int(file.read() or 0)
            if port:
                return port
        if process.poll() is not None:
            sys.exit("Firefox ended with %s" % process.returncode)
        time.sleep(0.1)
    sys.exit("Firefox opened no port")


# An earlier run that was killed may have left its own.
if os.path.exists(os.path.join(profile, "MarionetteActivePort")):
    os.remove(os.path.join(profile, "MarionetteActivePort"))

with open(os.path.join(profile, "user.js"), "w") as file:
    for name, value in PREFS.items():
        file.write("user_pref(%s, %s);\n" % (json.dumps(name), json.dumps(value)))

process = subprocess.Popen(
    [firefox, "--headless", "--marionette", "--no-remote", "--profile", profile],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
try:
    browser = Marionette(port_of(profile, process))
    browser.call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": False}}})
    try:
        browser.call("WebDriver:Navigate", {"url": url})
        print(browser.call("WebDriver:GetPageSource", {})["value"])
    except RuntimeError as error:
        print("refused:", error)
finally:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
